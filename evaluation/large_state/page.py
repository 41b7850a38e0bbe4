"""How does a person read what a large state costs: in the terminal, and as a page of the docs?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table

from evaluation.intervals import upper_bound
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
#: What tells the runs with a kill apart; it begins both of their tables.
_KILL: Final = ("kill", "state", "restored from", "stands by")
_RECOVERY: Final = (*_KILL, *HEADINGS)
_CAME_BACK: Final = (
    *_KILL,
    "from the store",
    "from local copies",
    "lost / repeated",
    "unexpected",
    "ledger",
    "again",
    "verdict",
)
#: Of settings that a person can change the page's head tells.
_SHORTENED: Final = (
    "What was done to shorten the rest: a TaskManager whose process is gone counts as lost with "
    "the first heartbeat that cannot reach it, not only when the heartbeat is given up, and one "
    "that comes back keeps its name, so it takes the dead one's place at once. Python runs within "
    "the TaskManager, so no second process has to start; without a JobManager a TaskManager keeps "
    "its slot, and with it its copy of the state, for 120 s."
)


def print_large_state(results: LargeState, console: Console) -> None:
    """The tables, what they say of the promise, and what it took."""
    for _, headings, rows in _tables(results):
        table = Table(*headings, box=None, pad_edge=False)
        for row in rows:
            table.add_row(*row)
        console.print(table)
        console.print()
    for sentence in (_peak(results), *sentences(results)):
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
    lines.append(f"- {_peak(results)}")
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
        "that run passed, whatever its latencies. *peak*: looked at every few seconds; disk of "
        "the stack's folder, memory that all processes of the series hold, the machine's page "
        "cache not among it. *outage*: the longest time without a new "
        "decision at a committed reader; *noticed*: until Flink said that the job failed; "
        "*deploy*, *restore*: the slowest task's, by Flink's clock; *of it state*: until the "
        "state was fetched and opened in its backend (the rest of a restore is mostly Python's "
        "start in a new process); "
        "*running*, *caught up*: since the kill. *from the store*, *from local copies*: state by "
        "Flink's count. *ledger*: cards that the job's state counts otherwise than the replay; "
        "*again*: cards that swiped more than once, where alone a stale state shows. ?: not "
        "counted.",
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
        kill = f"{one.fault} at {gigabytes(one.state_bytes)}, local copy against object store"
        phases = (
            _compared("restore phase of the task as Flink counts it", one, other, "restore"),
            _compared("of it the state itself (fetched and opened)", one, other, "state"),
            _compared("time until all tasks ran", one, other, "running"),
            _compared("outage at the committed reader", one, other, "committed_outage"),
        )
        found.append(f"{kill}: {'; '.join(phases)}.")
        found += [
            sentence
            for sentence in (_apart(one, other), _left(other), _shortened(results, one))
            if sentence
        ]
    if not found:
        found.append(
            "Not measured: no kill was restored both from the object store and from a local copy."
        )
    return found


def _apart(one: Recovery, other: Recovery) -> str | None:
    """Why the restore phase gains less than the state in it; None where not measured."""
    before_s, after_s = _beside_state_s(one), _beside_state_s(other)
    if before_s is None or after_s is None:
        return None
    return (
        "Why the restore phase gains less than the state: Python's start in the task is in it. "
        "The process is a new one, which imports the job and connects while the task is "
        f"initialised. Beside the state that was {before_s:.1f} s of the restore from the object "
        f"store and {after_s:.1f} s of that from the local copy: a copy of the state changes "
        "nothing about it."
    )


def _beside_state_s(recovery: Recovery) -> float | None:
    """Seconds of a restore phase that were not the state's."""
    restore, state = recovery.times_ms.get("restore"), recovery.times_ms.get("state")
    if not isinstance(restore, int | float) or not isinstance(state, int | float):
        return None
    return (restore - state) / 1000


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


def _shortened(results: LargeState, alone: Recovery) -> str:
    """What was done about the rest of a recovery, and what a warm spare does about it."""
    for each in results.recoveries:
        like = (each.fault, each.state_bytes, each.origin)
        if not each.has_spare or like != (alone.fault, alone.state_bytes, alone.origin):
            continue
        deploy = seconds(each.times_ms.get("deploy")), seconds(alone.times_ms.get("deploy"))
        python_s = _beside_state_s(each), _beside_state_s(alone)
        if "-" in deploy or None in python_s:
            continue
        return (
            f"{_SHORTENED} A TaskManager that stands by and has run the job waits for neither a "
            f"process nor Python: tasks were in place after {deploy[0]} s where without one it "
            f"took {deploy[1]}, and beside the state their restore took {python_s[0]:.1f} s, not "
            f"{python_s[1]:.1f}. But it has no copy of the state and fetches it: of the two gains "
            "a recovery has one or the other."
        )
    return _SHORTENED


def _compared(what: str, one: Recovery, other: Recovery, name: str) -> str:
    before, after = one.times_ms.get(name), other.times_ms.get(name)
    if not isinstance(before, int | float) or not isinstance(after, int | float) or before <= 0:
        return f"{what}: not measured"
    left = after / before
    held = "95% faster holds" if left <= PROMISED_LEFT else "95% faster does not hold"
    if name in ("restore", "state"):
        times = before / max(after, 1)
        reached = "reached" if times >= RESTORE_TIMES_FASTER else "not reached"
        held = f"{_times(times)} times: {RESTORE_TIMES_FASTER:.0f} {reached}, {held}"
    return f"{what} {before / 1000:.2f} s to {after / 1000:.2f} s, {1 - left:.0%} less ({held})"


def _times(factor: float) -> str:
    """A factor, cut off and not rounded where that could show a goal reached that is not."""
    return f"{factor:,.0f}" if factor >= 100 else f"{int(factor * 10) / 10:.1f}"


def _tables(results: LargeState) -> Iterable[tuple[str, Sequence[str], list[list[str]]]]:
    """Title, headings and rows of those that have any."""
    if results.steady:
        yield "While nothing breaks", _STEADY, [_steady_cells(each) for each in results.steady]
    if results.recoveries:
        rows = [_recovery_cells(each) for each in results.recoveries]
        yield "After a kill, seconds", _RECOVERY, rows
        rows = [_came_back_cells(each) for each in results.recoveries]
        yield "After a kill, what came back", _CAME_BACK, rows


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


def _kill_cells(recovery: Recovery) -> list[str]:
    return [
        recovery.fault,
        gigabytes(recovery.state_bytes),
        recovery.origin,
        "a warm TaskManager" if recovery.has_spare else "nobody",
    ]


def _recovery_cells(recovery: Recovery) -> list[str]:
    times = (seconds(recovery.times_ms.get(name)) for name in HEADINGS.values())
    return [*_kill_cells(recovery), *times]


def _came_back_cells(recovery: Recovery) -> list[str]:
    return [
        *_kill_cells(recovery),
        _size(recovery.remote_bytes),
        _size(recovery.local_bytes),
        _harm(recovery),
        _whole(recovery.unexpected),
        "?"
        if recovery.ledger_cards is None
        else f"{_whole(recovery.ledger_wrong)} of {_whole(recovery.ledger_cards)}",
        _whole(recovery.ledger_cards_again),
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
    """What was lost and repeated; of none at all the share that this leaves plausible (3/n)."""
    found = (run.missing, run.repeated)
    harm = " / ".join("?" if value is None else str(value) for value in found)
    none = found == (0, 0) and run.expected > 0
    below = f" (below {upper_bound(0, run.expected):.1e})" if none else ""
    return f"{harm} of {run.expected:,}{below}"


def _checkpoint(written: Written | None) -> str:
    if written is None:
        return "-"
    return f"{_size(written.bytes)} in {written.duration_ms / 1000:.2f} s"


def _size(size: int | None) -> str:
    if size is None:
        return "?"
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.2f} MB"


def _whole(value: Number) -> str:
    return "?" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _peak(results: LargeState) -> str:
    """What it took at most; old results do not say."""
    found = results.peak
    if found is None:
        return "peak: ? GB on disk, ? GB of memory"
    disk_gb, memory_gb = found.disk_bytes / 1e9, found.memory_bytes / 1e9
    return f"peak: {disk_gb:.1f} GB on disk, {memory_gb:.1f} GB of memory"


def _ms(value: Number) -> str:
    return f"{value:,.0f} ms" if isinstance(value, int | float) else "-"
