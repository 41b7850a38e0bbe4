"""How does a person read what the checks found?"""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.markup import escape

from evaluation.realism.base import Measure
from evaluation.realism.results import CheckResult, Realism
from evaluation.verdict import Value

_COLOURS: Final[dict[Value, str]] = {"pass": "green", "fail": "red", "inconclusive": "yellow"}


def print_realism(realism: Realism, console: Console) -> None:
    """The verdict, then each check with its figures, what failed first within it."""
    counts = dict.fromkeys(_COLOURS, 0)
    for result in realism.checks:
        for measure in result.measures:
            if measure.verdict is not None:
                counts[measure.verdict] += 1
    told = ", ".join(f"{count} {value}" for value, count in counts.items() if count)
    console.print(f"[bold {_COLOURS[realism.verdict]}]{realism.verdict.upper()}[/]  {told}")
    for result in realism.checks:
        _print_check(result, console)


def _print_check(result: CheckResult, console: Console) -> None:
    colour = _COLOURS[result.verdict]
    console.print(f"\n[bold]{result.check}[/]  [{colour}]{result.verdict}[/]  {result.question}")
    console.print(f"  source     {result.source}", markup=False, soft_wrap=True)
    console.print(f"  tolerance  {result.tolerance}", markup=False, soft_wrap=True)
    order = {"fail": 0, "inconclusive": 1, "pass": 2, None: 3}
    for measure in sorted(result.measures, key=lambda one: order[one.verdict]):
        console.print(_line(measure), soft_wrap=True)


def _line(measure: Measure) -> str:
    value = "not measured" if measure.value is None else f"{measure.value:.4g} {measure.unit}"
    mark = "" if measure.verdict is None else measure.verdict
    colour = "dim" if measure.verdict is None else _COLOURS[measure.verdict]
    text = f"  {measure.name:<34} {value:<16} {measure.bounds:<20} "
    return f"{escape(text)}[{colour}]{mark:<12}[/] {escape(measure.note)}".rstrip()
