"""How does a person read a series of faults: in the terminal, and as a page of the docs?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evaluation.chaos.by_fault import HEADINGS as BY_FAULT
from evaluation.chaos.by_fault import by_fault
from evaluation.chaos.harm import harm_of
from evaluation.chaos.results import HARMS, PREFIXES, Chaos, FaultOutcome
from evaluation.chaos.totals import totals
from evaluation.fault_record import FaultRecord
from evaluation.recovery_times import HEADINGS, Number, seconds
from evaluation.verdict import Value

_COLOURS: Final[dict[Value, str]] = {"pass": "green", "fail": "red", "inconclusive": "yellow"}
#: How the counts of `HARMS` stand in one cell, in two lines.
_HARM_HEADING: Final = "missing / repeated /\nunexpected / different"
_STATE_HEADING: Final = "state MB"


def print_chaos(chaos: Chaos, console: Console) -> None:
    """The verdict, a row a fault, and the reasons of what did not pass."""
    verdict = chaos.verdict
    console.print(
        f"[bold {_COLOURS[verdict.value]}]{verdict.value.upper()}[/]  faults: {chaos.sentence}"
    )
    console.print(totals(chaos.outcomes).sentence, soft_wrap=True)
    # Two tables: one of all columns would be too wide to be read.
    harm = _table(
        "fault", "verdict", _HARM_HEADING, "share below", "ledger", "again", "open", "promised"
    )
    times = _table("fault", _STATE_HEADING, *HEADINGS)
    for each in chaos.outcomes:
        verdict_cell = f"[{_COLOURS[each.verdict]}]{each.verdict}[/]"
        harm.add_row(_name(each), verdict_cell, *_harm_cells(each))
        times.add_row(_name(each), *_time_cells(each))
    console.print(harm)
    console.print()
    console.print(times)
    if kinds := by_fault(chaos.outcomes):
        console.print()
        table = _table(*BY_FAULT)
        for kind in kinds:
            table.add_row(*kind.row)
        console.print(table)
    console.print(
        "times in seconds; outputs, alerts and windows are added up; ledger: cards that the job's "
        "state counts otherwise than the replay; again: those that swiped again; "
        "open: records in the open transaction; promised: decisions of the last checkpoint that "
        "were committed only after the fault; by fault median / worst",
        style="dim",
    )
    for each in chaos.outcomes:
        if each.verdict != "pass" or each.is_control:
            console.print(f"{_name(each)}: {escape(each.reason)}", soft_wrap=True)


def _name(outcome: FaultOutcome) -> str:
    name = outcome.fault if outcome.seed is None else f"{outcome.fault} (seed {outcome.seed})"
    return f"{name}, {outcome.guarantee} sink" if outcome.is_control else name


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        words = heading in ("fault", "verdict")
        table.add_column(heading, justify="left" if words else "right", no_wrap=not words)
    return table


def _harm_cells(outcome: FaultOutcome) -> list[str]:
    record = outcome.record
    return [
        " / ".join(_added_up(outcome, harm) for harm in HARMS),
        _share_below(outcome),
        _ledger(outcome),
        _whole(outcome.ledger_cards_again),
        _open(record),
        _whole(outcome.promised_records),
    ]


def _open(record: FaultRecord) -> str:
    """Records in the open transaction; nobody counts them where nothing is broken."""
    return "-" if record.is_flood else f"{record.open_transaction_records:,}"


def _time_cells(outcome: FaultOutcome) -> list[str]:
    times = (seconds(outcome.times_ms.get(name)) for name in HEADINGS.values())
    return [_megabytes(outcome.state_bytes), *times]


def _added_up(outcome: FaultOutcome, harm: str) -> str:
    """Outputs of all kinds that suffered this; those that nobody counted left out."""
    counts = [outcome.counts.get(f"{prefix}{harm}") for prefix in PREFIXES]
    return "?" if counts[0] is None else f"{sum(n for n in counts if isinstance(n, int)):,}"


def _in_one_cell(outcome: FaultOutcome, prefix: str, expected: int | None) -> str:
    """What one kind of output suffered, and of how many; nobody counted it where there is none."""
    if expected is None:
        return "?"
    counts = " / ".join(_whole(outcome.counts.get(f"{prefix}{harm}")) for harm in HARMS)
    return f"{counts} of {expected:,}"


def _share_below(outcome: FaultOutcome) -> str:
    harm = harm_of(outcome)
    return "-" if harm is None else f"{harm.share_below:.1e}"


def _ledger(outcome: FaultOutcome) -> str:
    """Cards that are wrong, and of how many."""
    cards = outcome.ledger_cards
    return "?" if cards is None else f"{_whole(outcome.counts.get('ledger_wrong'))} of {cards:,}"


def _megabytes(size: int | None) -> str:
    return "?" if size is None else f"{size / 1e6:,.1f}"


def _whole(value: Number) -> str:
    return "?" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def markdown(chaos: Chaos) -> str:
    """The same as a page: what it ran on, one table of what was lost, one of how long it took."""
    parts = (_head, _by_fault, _harm, _times, _landings)
    return "\n".join([line for part in parts for line in part(chaos)] + [""])


def _head(chaos: Chaos) -> Iterable[str]:
    facts: dict[str, Any] = chaos.facts
    yield "# What faults do to the job"
    yield ""
    yield f"Written by `{facts.get('command', 'paystream chaos')}`; not by hand."
    yield ""
    for name, value in facts.items():
        if name != "command" and not isinstance(value, dict | list):
            yield f"- {name.replace('_', ' ')}: {value}"
    yield f"- state: {_state(chaos.outcomes)}"
    yield ""
    yield f"{chaos.sentence}."
    yield f"{totals(chaos.outcomes).sentence}."
    yield ""


def _state(outcomes: Iterable[FaultOutcome]) -> str:
    """How large it was at all faults."""
    sizes = [each.state_bytes for each in outcomes if each.state_bytes is not None]
    if not sizes:
        return "not recorded"
    return f"{_megabytes(min(sizes))} to {_megabytes(max(sizes))} MB when the faults came"


def _harm(chaos: Chaos) -> Iterable[str]:
    yield "## What was lost, repeated or changed"
    yield ""
    headings = [
        *HARMS,
        "alerts",
        "windows",
        "true share below",
        "out of order",
        "fates",
        "phantoms",
        "ledger",
        "again",
        "open",
        "since checkpoint",
        "promised",
    ]
    yield from _rows(
        ["fault", "verdict", "outputs", *headings, "restarts"],
        (
            [
                _name(each),
                each.verdict,
                f"{each.expected:,}",
                *(_whole(each.counts.get(harm)) for harm in HARMS),
                _in_one_cell(each, "alerts_", each.expected_alerts),
                _in_one_cell(each, "windows_", each.expected_windows),
                _share_below(each),
                *(
                    _whole(each.counts.get(name))
                    for name in ("out_of_order", "fates_broken", "phantoms")
                ),
                _ledger(each),
                _whole(each.ledger_cards_again),
                _open(each.record),
                "-" if each.record.is_flood else _whole(each.record.uncheckpointed_records),
                "-" if each.record.is_flood else _whole(each.promised_records),
                _whole(each.restarts),
            ]
            for each in chaos.outcomes
        ),
    )
    yield ""
    yield (
        "*outputs*: decisions, late swipes and dead letters, and after it what they suffered; "
        f"*alerts*, *windows*: {' / '.join(HARMS)}, of how many (?: not counted). An alert of a "
        "card stands in the transaction of its decision; alerts across cards and windows have "
        "sinks and transactions of their own. *true share below*: of outputs, alerts and windows "
        "together, with 95% confidence, 3/n for none harmed; it takes each for a trial of its own, "
        "which those of one transaction are not (-: the run proves nothing). *ledger*: cards that "
        "the job's state counts otherwise than the replay (?: not checked); "
        "*again*: cards that swiped more than once, where alone a lost update shows; "
        "*fates*: swipes without exactly one decision, late swipe or dead letter; "
        "*open*: records in the open transaction when the fault came; *since checkpoint*: swipes "
        "that no checkpoint covered then, at most; *promised*: decisions that the last checkpoint "
        "had promised and that were committed only after the fault: it hit the commit; "
        "*phantoms*: records that an uncommitted reader saw and that never counted."
    )
    yield ""


def _by_fault(chaos: Chaos) -> Iterable[str]:
    kinds = by_fault(chaos.outcomes)
    if not kinds:
        return
    yield "## By fault"
    yield ""
    yield from _rows([*BY_FAULT], (kind.row for kind in kinds))
    yield ""
    yield (
        "*proven*: it landed, with a checkpoint before and one after it, and enough records in the "
        "open transaction or, for what is aimed at a commit, promised. *hit a commit*: decisions "
        "that the last checkpoint had promised were committed only after it. Times are median / "
        "worst, in seconds, without those of runs that prove nothing."
    )
    yield ""


def _times(chaos: Chaos) -> Iterable[str]:
    yield "## How long it took, seconds"
    yield ""
    latencies = ("before", "during", "after")
    yield from _rows(
        ["fault", _STATE_HEADING, "calm", *HEADINGS, *(f"p99 {name}" for name in latencies)],
        (
            [
                _name(each),
                _megabytes(each.state_bytes),
                seconds(each.times_ms.get("committed_calm")),
                *(seconds(each.times_ms.get(name)) for name in HEADINGS.values()),
                *(seconds(each.times_ms.get(f"committed_p99_{name}")) for name in latencies),
            ]
            for each in chaos.outcomes
        ),
    )
    yield ""
    yield (
        "*state MB*: of the last checkpoint before the fault (?: none was seen); *outage*: the "
        "longest time without a new decision at a committed reader, *calm*: the longest before "
        "it, as checkpoints alone make one; *noticed*: until Flink said that the job failed (none: "
        "it did not fail); *deploy*, *restore*: the slowest task's, by Flink's clock; *running*, "
        "*caught up*: since the fault. *p99*: from the intended send to the committed decision."
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
