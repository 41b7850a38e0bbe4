"""Which parameters do the rules run with?

A TOML file with one table for each rule; what is left out has its default. Wrong fields are
refused by name.
"""

from __future__ import annotations

import difflib
import threading
import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec

from job.rules.base import Rule, RuleParameters
from job.rules.discovery import rule_classes

#: The parameters that the production job runs with.
DEFAULT_FILE: Final = Path(__file__).with_name("parameters.toml")
#: The first conversion into a class makes what msgspec knows of it, and a second thread that comes
#: meanwhile takes it half made: a segmentation fault. Both of the job's functions open at once, in
#: one process.
_ONE_AT_A_TIME: Final = threading.Lock()


class ParametersError(ValueError):
    """A parameter file that cannot be used; says which field and why."""


def load_rules(file: Path = DEFAULT_FILE) -> list[Rule]:
    """The enabled rules with their parameters, sorted by name.

    Raises
    ------
    ParametersError
        Naming the file, the field and what is wrong with it.
    """
    return rules_from_tables(read_tables(file), str(file))


def read_tables(file: Path) -> dict[str, dict[str, Any]]:
    """The parameter file as plain tables, checked.

    Raises
    ------
    ParametersError
        Naming the file, the field and what is wrong with it.
    """
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParametersError(f"{file}: no such file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ParametersError(f"{file}: not readable as TOML: {error}") from None
    rules_from_tables(tables, str(file))
    return tables


def rules_from_tables(tables: dict[str, Any], origin: str = "rule parameters") -> list[Rule]:
    """The enabled rules out of plain tables, one for each rule.

    Raises
    ------
    ParametersError
        Naming the origin, the field and what is wrong with it.
    """
    for name in tables:
        require_rule(name, origin)
    rules = []
    for name, rule_class in rule_classes().items():
        parameters = convert_parameters(origin, name, tables.get(name, {}), rule_class.Parameters)
        if parameters.enabled:
            rules.append(rule_class(parameters))
    return rules


def require_rule(name: str, origin: str) -> type[Rule]:
    """The class of a rule.

    Raises
    ------
    ParametersError
        If there is no such rule; names one that is spelt alike, or all.
    """
    classes = rule_classes()
    if name not in classes:
        close = difflib.get_close_matches(name, classes, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else f"; rules: {', '.join(classes)}"
        raise ParametersError(f"{origin}: [{name}] is no rule{hint}")
    return classes[name]


def convert_parameters(
    origin: str, name: str, table: object, parameters_class: type[RuleParameters]
) -> RuleParameters:
    """One rule's table as its parameters.

    Raises
    ------
    ParametersError
        Naming the origin, the field and what is wrong with it.
    """
    try:
        with _ONE_AT_A_TIME:
            return msgspec.convert(table, parameters_class, strict=True)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        field = f"{name}.{path.rstrip('`')}" if path else name
        raise ParametersError(f"{origin}: {field}: {message}") from None
