"""What does a person at a terminal see of the gates?"""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evaluation.gates.results import GatesResult
from evaluation.gates.wording import notes_of, row_of
from evaluation.verdict import Value

_COLOURS: Final[dict[Value, str]] = {"pass": "green", "fail": "red", "inconclusive": "yellow"}


def print_result(result: GatesResult, console: Console) -> None:
    """The verdict, a table, and why each gate that did not pass did not.

    Parameters
    ----------
    console
        Colours on a terminal; the words say the same without.
    """
    verdict = result.verdict
    colour = _COLOURS[verdict.value]
    console.print(f"[bold {colour}]{verdict.value.upper()}[/]  {escape(verdict.reason)}")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("gate", "value", "95% interval", "threshold", "baseline", "verdict"):
        right = heading in ("value", "baseline")
        fixed = heading in ("gate", "verdict")
        table.add_column(
            heading, justify="right" if right else "left", overflow="fold", no_wrap=fixed
        )
    for gate in result.gates:
        row = row_of(gate)
        said = f"[{_COLOURS[gate.verdict]}]{row.verdict}[/]"
        cells = map(escape, (row.name, row.value, row.interval, row.threshold, row.baseline))
        table.add_row(*cells, said)
    console.print(table)
    for note in notes_of(result):
        aside = "" if note.blocks else " (reported only)"
        text = f"{', '.join(note.gates)}: {note.verdict}{aside}: {note.text}"
        console.print(text, markup=False, soft_wrap=not console.is_terminal)
