"""Which questions do boards and rules ask of Prometheus, and of which metrics?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

FOLDER: Final = Path(__file__).parent
RULES: Final = FOLDER / "rules"
DASHBOARDS: Final = FOLDER / "grafana" / "dashboards"
#: What begins so is a metric, where it stands in a query outside of braces.
_METRIC: Final = re.compile(
    r"\b(?:flink|kafka|paystream|jvm)_\w+|\b[a-z_]+:\w+:\w+\b|\b(?:up|ALERTS)\b"
)
#: Names of labels, which are none; else a metric and what selects of it.
_SELECTED: Final = re.compile(
    rf"\b(?:by|on|without|ignoring) \([^)]*\)|({_METRIC.pattern})(\{{[^}}]*\}})?"
)
_IN_BRACES: Final = re.compile(r"\{[^}]*\}|\[[^\]]*\]|\"[^\"]*\"")


def selected(expression: str, selector: str) -> str:
    """Ask the same of the series alone that a selector of labels matches.

    Examples
    --------
    >>> selected('sum by (up) (rate(kafka_topic_bytes_in_total{topic="up"}[5m])) / up', 'a="b"')
    'sum by (up) (rate(kafka_topic_bytes_in_total{a="b",topic="up"}[5m])) / up{a="b"}'
    """

    def of_one(found: re.Match[str]) -> str:
        labels = (found[2] or "{}")[1:-1]
        return f"{found[1]}{{{selector}{',' if labels else ''}{labels}}}" if found[1] else found[0]

    return _SELECTED.sub(of_one, expression)


class Question(NamedTuple):
    """One query, and where it stands.

    Attributes
    ----------
    place
        Such as ``overview: Jobs running`` or ``alert LagHigh``.
    expression
        As it stands there, Grafana's variables included.
    """

    place: str
    expression: str

    def metrics(self) -> set[str]:
        """Names of what is asked for.

        Examples
        --------
        >>> Question("", 'sum(rate(kafka_topic_bytes_in_total{topic="up"}[5m]))').metrics()
        {'kafka_topic_bytes_in_total'}
        """
        return set(_METRIC.findall(_IN_BRACES.sub(" ", self.expression)))


def of_boards() -> list[Question]:
    """All queries of all boards, as the committed files have them."""
    return [
        Question(f"{file.stem}: {panel['title']}", target["expr"])
        for file in sorted(DASHBOARDS.glob("*.json"))
        for panel in _panels(json.loads(file.read_text(encoding="utf-8")))
        for target in panel.get("targets", ())
    ]


def _panels(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels") or ()


def rules() -> list[dict[str, Any]]:
    """All rules, alerting and recording, in the order of their files."""
    return [
        rule
        for file in sorted(RULES.glob("*.yml"))
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]


def of_rules() -> list[Question]:
    """The queries of all rules."""
    return [
        Question(f"alert {rule['alert']}" if "alert" in rule else rule["record"], rule["expr"])
        for rule in rules()
    ]
