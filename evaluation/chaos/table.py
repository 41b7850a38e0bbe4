"""How does a person read a series of faults: in the terminal, and as a page of the docs?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evaluation.chaos.results import COUNTS, Chaos, FaultOutcome
from evaluation.chaos.totals import totals
from evaluation.recovery_times import HEADINGS, Number, seconds
from evaluation.verdict import Value

_COLOURS: Final[dict[Value, str]] = {"pass": "green", "fail": "red", "inconclusive": "yellow"}
_COUNTS: Final = ("missing", "repeated", "unexpected")


def print_chaos(chaos: Chaos, console: Console) -> None:
    """The verdict, a row a fault, and the reasons of what did not pass."""
    verdict = chaos.verdict
    passed = sum(each.verdict == "pass" for each in chaos.outcomes)
    console.print(
        f"[bold {_COLOURS[verdict.value]}]{verdict.value.upper()}[/]  "
        f"{passed} of {len(chaos.outcomes)} faults as they must be"
    )
    console.print(totals(chaos.outcomes).sentence, soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    harm = "missing / repeated / unexpected"
    for heading in ("fault", harm, "ledger", "open", *HEADINGS, "verdict"):
        words = heading in ("fault", "verdict")
        table.add_column(heading, justify="left" if words else "right", no_wrap=words)
    for each in chaos.outcomes:
        colour = _COLOURS[each.verdict]
        table.add_row(*_cells(each), f"[{colour}]{each.verdict}[/]")
    console.print(table)
    console.print(
        "times in seconds; ledger: cards that the job's state counts otherwise than the replay; "
        "open: records in the open transaction",
        style="dim",
    )
    for each in chaos.outcomes:
        if each.verdict != "pass" or each.is_control:
            console.print(f"{_name(each)}: {escape(each.reason)}", soft_wrap=True)


def _name(outcome: FaultOutcome) -> str:
    name = outcome.fault if outcome.seed is None else f"{outcome.fault} (seed {outcome.seed})"
    return f"{name}, {outcome.guarantee} sink" if outcome.is_control else name


def _cells(outcome: FaultOutcome) -> list[str]:
    record = outcome.record
    return [
        _name(outcome),
        " / ".join(_whole(outcome.counts.get(name)) for name in _COUNTS),
        _ledger(outcome),
        f"{record.open_transaction_records:,}" if record.needs_open_records else "-",
        *(seconds(outcome.times_ms.get(name)) for name in HEADINGS.values()),
    ]


def _ledger(outcome: FaultOutcome) -> str:
    """Cards that are wrong, and of how many."""
    cards = outcome.ledger_cards
    return "?" if cards is None else f"{_whole(outcome.counts.get('ledger_wrong'))} of {cards:,}"


def _whole(value: Number) -> str:
    return "?" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def markdown(chaos: Chaos) -> str:
    """The same as a page: what it ran on, one table of what was lost, one of how long it took."""
    return "\n".join([*_head(chaos), *_harm(chaos), *_times(chaos), *_landings(chaos), ""])


def _head(chaos: Chaos) -> Iterable[str]:
    facts: dict[str, Any] = chaos.facts
    yield "# What faults do to the job"
    yield ""
    yield f"Written by `{facts.get('command', 'paystream chaos')}`; not by hand."
    yield ""
    for name, value in facts.items():
        if name != "command" and not isinstance(value, dict | list):
            yield f"- {name.replace('_', ' ')}: {value}"
    yield ""
    passed = sum(each.verdict == "pass" for each in chaos.outcomes)
    yield f"{passed} of {len(chaos.outcomes)} as they must be."
    yield f"{totals(chaos.outcomes).sentence}."
    yield ""


def _harm(chaos: Chaos) -> Iterable[str]:
    yield "## What was lost, repeated or changed"
    yield ""
    names = [name for name in COUNTS if name != "ledger_wrong"]
    headings = [
        *(name.replace("_", " ") for name in names),
        "ledger",
        "again",
        "open",
        "since checkpoint",
    ]
    yield from _rows(
        ["fault", "verdict", "outputs", *headings, "restarts"],
        (
            [
                _name(each),
                each.verdict,
                f"{each.expected:,}",
                *(_whole(each.counts.get(name)) for name in names),
                _ledger(each),
                _whole(each.ledger_cards_again),
                f"{each.record.open_transaction_records:,}"
                if each.record.needs_open_records
                else "-",
                _whole(each.record.uncheckpointed_records),
                _whole(each.restarts),
            ]
            for each in chaos.outcomes
        ),
    )
    yield ""
    yield (
        "*ledger*: cards that the job's state counts otherwise than the replay (?: not checked); "
        "*again*: cards that swiped more than once, where alone a lost update shows; "
        "*open*: records in the open transaction when the fault came; *since checkpoint*: swipes "
        "that no checkpoint covered then; *phantoms*: records that an uncommitted reader saw and "
        "that never counted."
    )
    yield ""


def _times(chaos: Chaos) -> Iterable[str]:
    yield "## How long it took, seconds"
    yield ""
    latencies = ("before", "during", "after")
    yield from _rows(
        ["fault", *HEADINGS, *(f"p99 {name}" for name in latencies)],
        (
            [
                _name(each),
                *(seconds(each.times_ms.get(name)) for name in HEADINGS.values()),
                *(seconds(each.times_ms.get(f"committed_p99_{name}")) for name in latencies),
            ]
            for each in chaos.outcomes
        ),
    )
    yield ""
    yield (
        "*outage*: the longest time without a new decision at a committed reader; *noticed*: until "
        "Flink said that the job failed (none: it did not fail); *deploy*, *restore*: the slowest "
        "task's, by Flink's clock; *running*, *caught up*: since the fault. *p99*: from the "
        "intended send to the committed decision."
    )
    yield ""


def _landings(chaos: Chaos) -> Iterable[str]:
    yield "## What shows that each landed"
    yield ""
    for each in chaos.outcomes:
        said = "; ".join(each.record.evidence) or each.record.failure or "nothing"
        yield f"- {_name(each)}: {said}" + (f" ({each.reason})" if each.verdict != "pass" else "")


def _rows(headings: list[str], rows: Iterable[list[str]]) -> Iterable[str]:
    yield "| " + " | ".join(headings) + " |"
    yield "|" + " --- |" * len(headings)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
