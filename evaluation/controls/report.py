"""How does a person read whether the harness notices what is broken?"""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evaluation.controls.results import Controls, Outcome, Tried
from evaluation.verdict import Value

_COLOURS: Final[dict[Value, str]] = {"pass": "green", "fail": "red", "inconclusive": "yellow"}
_OUTCOMES: Final[dict[Outcome, str]] = {
    "caught": "[green]caught[/]",
    "not caught": "[bold red]NOT CAUGHT[/]",
    "not tried": "[yellow]not tried[/]",
}
_WORDS: Final[dict[Value, str]] = {
    "pass": "every control is caught",
    "fail": "a judge does not notice what it should, or finds fault with what is whole",
    "inconclusive": "not everything could be tried",
}


def print_controls(controls: Controls, console: Console) -> None:
    """The verdict, the positive control, then a row for each negative one."""
    caught = sum(one.outcome == "caught" for one in controls.controls)
    console.print(
        f"[bold {_COLOURS[controls.verdict]}]{controls.verdict.upper()}[/]  "
        f"{caught} of {len(controls.controls)} caught: {_WORDS[controls.verdict]}"
    )
    console.print("\nnothing broken: all must pass")
    for judge in controls.positive:
        label = f"{judge.judge}{' (live)' if judge.live else ''}"
        colour = _COLOURS[judge.verdict]
        console.print(
            f"  {label:<20} [{colour}]{judge.verdict}[/]  {escape(judge.reason)}",
            soft_wrap=True,
        )
    console.print()
    console.print(_table(controls.controls))
    for one in controls.controls:
        if one.outcome != "caught":
            console.print(f"{one.control}: {escape(one.reason)}", soft_wrap=True)


def _table(tried: list[Tried]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("broken", "judge", "figure", "value", "verdict", ""):
        table.add_column(name, no_wrap=name in ("verdict", ""))
    for one in tried:
        before, after = _number(one.before), _number(one.after)
        table.add_row(
            escape(one.broken) + (" (live)" if one.live else ""),
            one.judge,
            one.figure,
            "" if one.outcome == "not tried" else f"{before} -> {after} {one.unit}",
            one.verdict or ("reported" if one.outcome != "not tried" else ""),
            _OUTCOMES[one.outcome],
        )
    return table


def _number(value: float | str | None) -> str:
    if value is None:
        return "?"
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"
