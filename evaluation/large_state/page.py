"""How does a person read what a large state costs: in the terminal, and as a page of the docs?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table

from evaluation.large_state.results import (
    PROMISED_LEFT,
    RESTORE_TIMES_FASTER,
    Delivered,
    LargeState,
    Recovery,
    Steady,
    Written,
    gigabytes,
)
from evaluation.recovery_times import HEADINGS, Number, seconds

_STEADY: Final = (
    "state", "cards", "filled in", "full checkpoint", "incremental", "uncommitted p50 / p99",
    "committed p50 / p99", "swipes a second", "lost / repeated in peace",
    "lost / repeated overloaded",
)  # fmt: skip
_RECOVERY: Final = (
    "kill",
    "state",
    "restored from",
    "stands by",
    *HEADINGS,
    "lost / repeated",
    "verdict",
)


def print_large_state(results: LargeState, console: Console) -> None:
    """Two tables, and what they say of the promise."""
    for _, headings, rows in _tables(results):
        table = Table(*headings, box=None, pad_edge=False)
        for row in rows:
            table.add_row(*row)
        console.print(table)
        console.print()
    for sentence in sentences(results):
        # A reason may be the last line of a log: its brackets are no markup.
        console.print(sentence, soft_wrap=True, markup=False)


def markdown(results: LargeState) -> str:
    """The same as a page."""
    lines = ["# What a large state costs", ""]
    lines.append(f"Written by `{results.facts.get('command', 'paystream state')}`; not by hand.")
    lines.append("")
    for name, value in results.facts.items():
        if name != "command" and not isinstance(value, dict | list):
            lines.append(f"- {name.replace('_', ' ')}: {value}")
    for title, headings, rows in _tables(results):
        lines += ["", f"## {title}", ""]
        lines.append("| " + " | ".join(headings) + " |")
        lines.append("|" + " --- |" * len(headings))
        lines += ["| " + " | ".join(row) + " |" for row in rows]
    lines += [
        "",
        "*full checkpoint*, *incremental*: bytes written and seconds from the trigger until all "
        "had acknowledged; the first checkpoint of a job that starts from another's state writes "
        "all of it, the incremental ones are the median. *swipes a second*: what came out while "
        "more were waiting. *lost / repeated*: outputs, and whether delivery and stability of "
        "that run passed, whatever its latencies. *outage*: the longest time without a new "
        "decision at a committed reader; *noticed*: until Flink said that the job failed; "
        "*deploy*, *restore*: the slowest task's, by Flink's clock; *of it state*: until the "
        "state was fetched and opened in its backend (the rest of a restore is mostly Python's "
        "start in a new process); "
        "*running*, *caught up*: since the kill.",
        "",
    ]
    if reasons := _reasons(results):
        lines += ["## What did not pass", "", *(f"- {sentence}" for sentence in reasons), ""]
    lines += [
        "## Is recovery 95% faster?",
        "",
        *(f"- {sentence}" for sentence in _promise(results)),
        "",
    ]
    return "\n".join(lines)


def sentences(results: LargeState) -> list[str]:
    """What did not pass and why; what the recoveries say of the promise, and against what."""
    return [*_reasons(results), *_promise(results)]


def _reasons(results: LargeState) -> list[str]:
    return [
        f"{run}: {verdict.value}, {verdict.reason}."
        for run, verdict in results.judged
        if verdict.value != "pass"
    ]


def _promise(results: LargeState) -> list[str]:
    found = []
    for one, other in results.pairs():
        state = _compared("state fetched and opened", one, other, "state")
        restore = _compared("restore phase with Python's start", one, other, "restore")
        whole = _compared("time until all tasks ran", one, other, "running")
        outage = _compared("outage at the committed reader", one, other, "committed_outage")
        kill = f"{one.fault} at {gigabytes(one.state_bytes)}, local copy against object store"
        found.append(f"{kill}: {'; '.join((state, restore, whole, outage))}.")
        if left := _left(other):
            found.append(left)
    if not found:
        found.append(
            "Not measured: no kill was restored both from the object store and from a local copy."
        )
    return found


def _left(local: Recovery) -> str | None:
    """What is left of a recovery when the state costs next to nothing; None where not measured."""
    names = ("running", "detection", "deploy", "restore", "state")
    times = [local.times_ms.get(name) for name in names]
    known = [each for each in times if isinstance(each, int | float)]
    if len(known) < len(names):
        return None
    running, noticed, deploy, restore, state = (each / 1000 for each in known)
    return (
        "What made the difference: the state was read where it lay, and not fetched. What is left "
        f"of {running:.2f} s: {noticed:.2f} s until it was noticed, {deploy:.2f} s until tasks "
        f"were in a new process, {restore - state:.2f} s for Python and the connections of the "
        f"restored tasks, {state:.2f} s for the state."
    )


def _compared(what: str, one: Recovery, other: Recovery, name: str) -> str:
    before, after = one.times_ms.get(name), other.times_ms.get(name)
    if not isinstance(before, int | float) or not isinstance(after, int | float) or before <= 0:
        return f"{what}: not measured"
    left = after / before
    held = "95% faster holds" if left <= PROMISED_LEFT else "95% faster does not hold"
    if name == "state":
        times = before / max(after, 1)
        reached = "reached" if times >= RESTORE_TIMES_FASTER else "not reached"
        held += f", {times:,.0f} times (goal {RESTORE_TIMES_FASTER:.0f}: {reached})"
    return f"{what} {before / 1000:.2f} s to {after / 1000:.2f} s, {1 - left:.0%} less ({held})"


def _tables(results: LargeState) -> Iterable[tuple[str, Sequence[str], list[list[str]]]]:
    """Title, headings and rows of those that have any."""
    if results.steady:
        yield "While nothing breaks", _STEADY, [_steady_cells(each) for each in results.steady]
    if results.recoveries:
        rows = [_recovery_cells(each) for each in results.recoveries]
        yield "After a kill, seconds", _RECOVERY, rows


def _steady_cells(steady: Steady) -> list[str]:
    latency = {name: _ms(value) for name, value in steady.latencies_ms.items()}
    return [
        gigabytes(steady.state_bytes),
        f"{steady.cards:,}",
        f"{steady.fill_s:.0f} s",
        _checkpoint(steady.full),
        f"{_checkpoint(steady.incremental)} (of {steady.incremental_count})",
        f"{latency.get('uncommitted_p50', '?')} / {latency.get('uncommitted_p99', '?')}",
        f"{latency.get('committed_p50', '?')} / {latency.get('committed_p99', '?')}",
        _rate(steady),
        _delivered(steady.in_peace),
        _delivered(steady.overloaded),
    ]


def _recovery_cells(recovery: Recovery) -> list[str]:
    return [
        recovery.fault,
        gigabytes(recovery.state_bytes),
        recovery.origin,
        "a warm TaskManager" if recovery.has_spare else "nobody",
        *(seconds(recovery.times_ms.get(name)) for name in HEADINGS.values()),
        _harm(recovery),
        recovery.verdict,
    ]


def _rate(steady: Steady) -> str:
    if steady.rate_per_s is not None:
        return f"{steady.rate_per_s:,.0f}"
    # Without a run that ended nobody knows whether the job would have kept up.
    return "-" if steady.overloaded is None else "not overloaded"


def _delivered(run: Delivered | None) -> str:
    return "-" if run is None else f"{_harm(run)}: {run.verdict}"


def _harm(run: Delivered | Recovery) -> str:
    harm = " / ".join("?" if value is None else str(value) for value in (run.missing, run.repeated))
    return f"{harm} of {run.expected:,}"


def _checkpoint(written: Written | None) -> str:
    if written is None:
        return "-"
    size = written.bytes
    words = f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.2f} MB"
    return f"{words} in {written.duration_ms / 1000:.2f} s"


def _ms(value: Number) -> str:
    return f"{value:,.0f} ms" if isinstance(value, int | float) else "-"
