"""What happened when, in a table for people?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from rich.console import Console
from rich.table import Table

from evaluation.autoscaling.outcome import Outcome
from evaluation.autoscaling.record import Autoscaling, Decision, Note, Sample

#: Between two rows in which nothing happens, seconds. A choice.
EVERY_S: Final = 10.0
HEADINGS: Final = ("second", "offered/s", "lag", "busy", "parallelism", "decision and reason")
_STYLES: Final = {"pass": "green", "fail": "bold red", "inconclusive": "bold yellow"}


class Row(NamedTuple):
    """One row, as text."""

    second: str
    offered: str
    lag: str
    busy: str
    parallelism: str
    words: str


def rows(record: Autoscaling, every_s: float = EVERY_S) -> Iterator[Row]:
    """What was seen every few seconds, each change of what runs, and each decision.

    Parameters
    ----------
    record
        Of the run.
    every_s
        Between two rows in which nothing happens.
    """
    happened: list[Sample | Decision | Note] = [
        *_telling(record.samples, every_s),
        *record.decisions,
        *record.notes,
    ]
    for each in sorted(happened, key=lambda each: each.at_s):
        second = f"{each.at_s:.0f}"
        if isinstance(each, Decision):
            yield Row(second, "", "", "", "", f"{each.words}; {each.reason}")
        elif isinstance(each, Note):
            yield Row(second, "", "", "", "", each.words)
        else:
            yield Row(
                second,
                _number(each.offered_per_s),
                _number(each.lag),
                "" if each.busy is None else f"{each.busy:.0%}",
                str(each.parallelism) if each.running and each.parallelism else "restarting",
                "",
            )


def _telling(samples: Sequence[Sample], every_s: float) -> Iterator[Sample]:
    shown_s, state = float("-inf"), None
    for each in samples:
        now = (each.running, each.parallelism if each.running else None)
        if each.at_s - shown_s >= every_s or now != state:
            shown_s, state = each.at_s, now
            yield each


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def print_timeline(record: Autoscaling, outcome: Outcome, console: Console) -> None:
    """Print the rows, who decided, and what came of it."""
    table = Table(box=None, pad_edge=False)
    for heading in HEADINGS[:-1]:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column(HEADINGS[-1])
    for row in rows(record):
        table.add_row(*row)
    console.print(table)
    console.print(f"decided by {record.decided_by}", soft_wrap=True)
    for each in outcome.answers:
        label = "" if each.verdict == "pass" else f" [{each.verdict}]"
        console.print(
            f"  {each.question:<22} {each.words}{label}",
            style=_STYLES[each.verdict],
            markup=False,
            soft_wrap=True,
        )
