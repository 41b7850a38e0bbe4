"""Which rules are there?

Each module of :mod:`job.rules` that defines a subclass of ``CardRule``, ``CrossCardRule`` or
``ReportRule`` is a rule: drop in a file, and it judges, has its page, its contract tests and its
row in every table.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache

import job.rules
from job.rules.base import CardRule, CrossCardRule, ReportRule, Rule


@cache
def rule_classes() -> dict[str, type[Rule]]:
    """All rules by name, sorted by name.

    Raises
    ------
    ValueError
        If two rules share a name or a reason code.
    """
    found: dict[str, type[Rule]] = {}
    reason_codes: dict[str, str] = {}
    for module_info in pkgutil.iter_modules(job.rules.__path__):
        module = importlib.import_module(f"{job.rules.__name__}.{module_info.name}")
        for _, candidate in inspect.getmembers(module, inspect.isclass):
            if candidate.__module__ != module.__name__ or inspect.isabstract(candidate):
                continue
            if not issubclass(candidate, Rule):
                continue
            if candidate.name in found:
                raise ValueError(f"two rules are called {candidate.name!r}")
            if candidate.reason_code in reason_codes:
                raise ValueError(
                    f"{candidate.name} and {reason_codes[candidate.reason_code]} share the reason "
                    f"code {candidate.reason_code!r}"
                )
            found[candidate.name] = candidate
            reason_codes[candidate.reason_code] = candidate.name
    return dict(sorted(found.items()))


def card_rule_classes() -> dict[str, type[CardRule]]:
    """The rules that look at one card."""
    return {n: c for n, c in rule_classes().items() if issubclass(c, CardRule)}


def cross_card_rule_classes() -> dict[str, type[CrossCardRule]]:
    """The rules that look across cards."""
    return {n: c for n, c in rule_classes().items() if issubclass(c, CrossCardRule)}


def report_rule_classes() -> dict[str, type[ReportRule]]:
    """The rules that look at fraud reports."""
    return {n: c for n, c in rule_classes().items() if issubclass(c, ReportRule)}
