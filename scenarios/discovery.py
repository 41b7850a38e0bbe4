"""Which scenarios are there?

Each module of :mod:`scenarios` that defines a subclass of ``Scenario`` is one: drop in a file, and
it can be run, has its page, its contract tests and its row in every table.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
from functools import cache

import scenarios
from scenarios.base import LookAlike, Scenario


class UnknownScenario(ValueError):
    """A name that is no scenario; the message lists those there are."""


@cache
def scenario_classes() -> dict[str, type[Scenario]]:
    """All scenarios by name, sorted by name.

    Raises
    ------
    ValueError
        If two scenarios share a name, or one names a companion that does not exist.
    """
    found: dict[str, type[Scenario]] = {}
    for module_info in pkgutil.iter_modules(scenarios.__path__):
        module = importlib.import_module(f"{scenarios.__name__}.{module_info.name}")
        for _, candidate in inspect.getmembers(module, inspect.isclass):
            if candidate.__module__ != module.__name__ or inspect.isabstract(candidate):
                continue
            if not issubclass(candidate, Scenario):
                continue
            if candidate.name in found:
                raise ValueError(f"two scenarios are called {candidate.name!r}")
            found[candidate.name] = candidate
    for name, scenario_class in found.items():
        for companion in scenario_class.companions:
            if companion not in found:
                raise ValueError(f"{name} names {companion!r} as companion, which does not exist")
        if issubclass(scenario_class, LookAlike) and scenario_class.resembles not in found:
            resembles = scenario_class.resembles
            raise ValueError(f"{name} resembles {resembles!r}, which does not exist")
    return dict(sorted(found.items()))


def look_alikes() -> dict[str, type[LookAlike]]:
    """The innocent look-alikes by name."""
    return {name: kind for name, kind in scenario_classes().items() if issubclass(kind, LookAlike)}


def scenario(name: str) -> type[Scenario]:
    """The scenario of that name.

    Raises
    ------
    UnknownScenario
        If there is none; lists the valid names, and the closest one first.
    """
    classes = scenario_classes()
    if name in classes:
        return classes[name]
    close = difflib.get_close_matches(name, classes, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise UnknownScenario(f"{name!r} is no scenario; {hint}scenarios: {', '.join(classes)}")
