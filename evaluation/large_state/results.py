"""What was measured at each size of the state, and what do the figures say together?"""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any, Final, Literal, NamedTuple

import msgspec

from evaluation.evaluate import Evaluation
from evaluation.fault_record import FaultRecord
from evaluation.recovery_times import HEADINGS, Number
from evaluation.verdict import EXIT_CODES, Value, Verdict, combine, worst
from generator.whole_file import write_whole

RESULTS_FILE: Final = "large-state.json"
#: '95% faster' in the brief: what is left of the time.
PROMISED_LEFT: Final = 0.05
#: The goal for the restore phase as Flink counts it, how many times faster.
RESTORE_TIMES_FASTER: Final = 20.0

#: What the runs are called in which nothing is killed.
IN_PEACE: Final = "in peace"
OVERLOADED: Final = "overloaded"

Origin = Literal["object store", "local copy"]
RestoredFrom = Literal[Origin, "unknown"]


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint: bytes written and ms from trigger to the last acknowledgement."""

    bytes: int
    duration_ms: float


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the outputs of a run that nobody broke.

    Attributes
    ----------
    verdict, reason
        Of the judges that decide a run with a kill, too: times do not count.
    expected, missing, repeated, unexpected
        Outputs.
    """

    verdict: Value
    reason: str
    expected: int
    missing: Number
    repeated: Number
    unexpected: Number


class Steady(msgspec.Struct, frozen=True, kw_only=True):
    """A size of the state while nothing breaks.

    Attributes
    ----------
    state_bytes
        As Flink counts it in the checkpoint of the filled state.
    cards, fill_s
        In it; seconds in which they were put there.
    full, incremental
        The first checkpoint after a start from another job's state, which writes all of it; the
        median of those that followed, and how many these were.
    latencies_ms
        ``uncommitted_p50`` and the like, of the run at the offered rate.
    rate_per_s
        What came out of an overloaded job, swipes a second; None where it was not overloaded.
    verdict, reason
        Of the run that the latencies are of, by all of its judges.
    in_peace, overloaded
        What these two runs delivered; None where there was none, and in results from before this
        was kept.
    """

    state_bytes: int
    cards: int
    fill_s: float
    full: Written | None
    incremental: Written | None
    incremental_count: int
    latencies_ms: dict[str, Number]
    verdict: Value
    reason: str
    rate_per_s: float | None = None
    in_peace: Delivered | None = None
    overloaded: Delivered | None = None

    @property
    def runs(self) -> list[tuple[str, Delivered]]:
        """Those whose deliveries are known, with their names."""
        named = ((IN_PEACE, self.in_peace), (OVERLOADED, self.overloaded))
        return [(name, delivered) for name, delivered in named if delivered is not None]


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """One kill at one size.

    Attributes
    ----------
    state_bytes
        As in `Steady`.
    origin
        Where the state was restored from, by what Flink counted; unknown where it said nothing.
    has_spare
        Whether another TaskManager stood by.
    times_ms
        `HEADINGS` by name; None where not measured.
    expected, missing, repeated, unexpected
        Outputs.
    remote_bytes, local_bytes
        State that came from the store, and from copies on a TaskManager's own disk. None where
        Flink does not say, and in results from before this was kept, as the next three.
    ledger_wrong, ledger_cards, ledger_cards_again
        Cards that the job's state counts otherwise than the replay; of how many; how many of these
        swiped more than once: a stale state shows in no other.
    """

    fault: str
    state_bytes: int
    origin: RestoredFrom
    has_spare: bool
    verdict: Value
    reason: str
    times_ms: dict[str, Number]
    expected: int
    missing: Number
    repeated: Number
    unexpected: Number
    remote_bytes: int | None = None
    local_bytes: int | None = None
    ledger_wrong: Number = None
    ledger_cards: Number = None
    ledger_cards_again: Number = None
    evidence: list[str] = []


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """A run that did not come to its end: nothing of it is known.

    Attributes
    ----------
    run
        Which, for a person.
    state_bytes
        As in `Steady`.
    reason
        What broke it, on one line.
    """

    run: str
    state_bytes: int
    reason: str
    verdict: Value = "inconclusive"


class Judged(NamedTuple):
    """What one of the runs adds to the verdict of all."""

    run: str
    verdict: Verdict


class Peak(msgspec.Struct, frozen=True, kw_only=True):
    """The most that a series took, in bytes.

    Attributes
    ----------
    disk_bytes
        Of the stack's folder.
    memory_bytes
        Resident, of all processes of the series together: the services and what measures them.
    """

    disk_bytes: int = 0
    memory_bytes: int = 0


class LargeState(msgspec.Struct, kw_only=True):
    """All of it, with what it ran on; no peak where nobody looked."""

    steady: list[Steady] = []
    recoveries: list[Recovery] = []
    broken: list[Broken] = []
    facts: dict[str, Any] = {}
    peak: Peak | None = None

    @property
    def judged(self) -> list[Judged]:
        """Each run with its verdict: was anything lost? Times and latencies decide nothing here."""
        return [
            *(
                Judged(
                    f"{name} at {gigabytes(each.state_bytes)}",
                    Verdict(run.verdict, run.reason),
                )
                for each in self.steady
                for name, run in each.runs
            ),
            *(
                Judged(
                    kill_name(each.fault, each.origin, has_spare=each.has_spare),
                    Verdict(each.verdict, each.reason),
                )
                for each in self.recoveries
            ),
            *(
                Judged(
                    f"{each.run} at {gigabytes(each.state_bytes)}",
                    Verdict(each.verdict, each.reason),
                )
                for each in self.broken
            ),
        ]

    @property
    def verdict(self) -> Verdict:
        """The worst of all runs; one that broke may have hidden anything."""
        judged = self.judged
        if not judged:
            return Verdict("inconclusive", "nothing was measured")
        return worst(
            [Verdict(each.verdict.value, f"{each.run}: {each.verdict.reason}") for each in judged],
            otherwise=Verdict("pass", "all runs held"),
        )

    @property
    def exit_code(self) -> int:
        """By the verdict."""
        return EXIT_CODES[self.verdict.value]

    def pairs(self) -> list[tuple[Recovery, Recovery]]:
        """The same kill at the same size without a spare, restored from the store and locally."""
        found = []
        for one in self.recoveries:
            for other in self.recoveries:
                same = one.fault == other.fault and one.state_bytes == other.state_bytes
                apart = (one.origin, other.origin) == ("object store", "local copy")
                if same and apart and not one.has_spare and not other.has_spare:
                    found.append((one, other))
        return found


def kill_name(fault: str, origin: RestoredFrom, *, has_spare: bool) -> str:
    """What a run with a kill is called."""
    place = "restored from where is unknown" if origin == "unknown" else origin
    return f"{fault}, {place}{', with a spare' if has_spare else ''}"


def gigabytes(size_bytes: int) -> str:
    """For people.

    Examples
    --------
    >>> gigabytes(10_260_000_000)
    '10.26 GB'
    """
    return f"{size_bytes / 1e9:.2f} GB"


def steady_of(
    evaluation: Evaluation,
    checkpoints: list[dict[str, Any]],
    *,
    state_bytes: int,
    cards: int,
    fill_s: float,
) -> Steady:
    """The figures of a run in which nothing broke.

    Parameters
    ----------
    evaluation
        Of the run.
    checkpoints
        As in its ``job.json``.
    state_bytes, cards, fill_s
        As in `Steady`.
    """
    done = sorted(
        (each for each in checkpoints if each["status"] == "COMPLETED" and not each["savepoint"]),
        key=lambda each: int(each["id"]),
    )
    first, later = done[:1], done[1:]
    names = [f"{view}_{name}" for view in ("uncommitted", "committed") for name in ("p50", "p99")]
    return Steady(
        state_bytes=state_bytes,
        cards=cards,
        fill_s=fill_s,
        full=_written(first),
        incremental=_written(later),
        incremental_count=len(later),
        latencies_ms={name: _figure(evaluation, "latency", name) for name in names},
        verdict=evaluation.verdict.value,
        reason=evaluation.verdict.reason,
        in_peace=delivered_of(evaluation),
    )


def delivered_of(evaluation: Evaluation) -> Delivered:
    """What a run delivered that nobody broke."""
    deciding = evaluation.thresholds.verdict.fault_judges
    verdict = combine(
        msgspec.structs.replace(each, decides=each.judge in deciding) for each in evaluation.judges
    )
    return Delivered(verdict=verdict.value, reason=verdict.reason, **_outputs(evaluation))


def _outputs(evaluation: Evaluation) -> dict[str, Any]:
    """How many there had to be, and what went wrong with how many."""
    harm = {
        name: _figure(evaluation, "delivery", name)
        for name in ("missing", "repeated", "unexpected")
    }
    return {"expected": int(_figure(evaluation, "delivery", "expected_outputs") or 0), **harm}


def _ledger(evaluation: Evaluation) -> dict[str, Any]:
    """What the counts of the cards showed, nothing where they were not checked."""
    names = ("ledger_wrong", "ledger_cards", "ledger_cards_again")
    return {name: _figure(evaluation, "delivery", name) for name in names}


def _written(checkpoints: list[dict[str, Any]]) -> Written | None:
    if not checkpoints:
        return None
    return Written(
        bytes=round(median(int(each["checkpointed_bytes"]) for each in checkpoints)),
        duration_ms=float(median(int(each["duration_ms"]) for each in checkpoints)),
    )


def _came_from(fault: FaultRecord) -> RestoredFrom:
    """A local copy that is gone is fetched from the store: how it was set up proves nothing."""
    remote_bytes, local_bytes = fault.remote_bytes or 0, fault.local_bytes or 0
    if not remote_bytes and not local_bytes:
        return "unknown"
    return "object store" if remote_bytes > local_bytes else "local copy"


def recoveries_of(
    evaluation: Evaluation,
    faults: list[FaultRecord],
    *,
    state_bytes: int,
    has_spare: bool,
) -> list[Recovery]:
    """What a run says of the kills in it."""
    found = []
    for number, fault in enumerate(faults, 1):
        prefix = f"{number}_{fault.fault}_" if len(faults) > 1 else f"{fault.fault}_"
        found.append(
            Recovery(
                fault=fault.fault,
                state_bytes=state_bytes,
                origin=_came_from(fault),
                has_spare=has_spare,
                verdict=evaluation.verdict.value,
                reason=evaluation.verdict.reason,
                times_ms={
                    name: _figure(evaluation, "recovery", f"{prefix}{name}")
                    for name in HEADINGS.values()
                },
                **_outputs(evaluation),
                remote_bytes=fault.remote_bytes,
                local_bytes=fault.local_bytes,
                **_ledger(evaluation),
                evidence=fault.evidence,
            )
        )
    return found


def _figure(evaluation: Evaluation, judge: str, name: str) -> Number:
    figure = evaluation.figure(judge, name)
    return None if figure is None else figure.value


def write_large_state(results: LargeState, folder: Path) -> None:
    """Write ``large-state.json``, or write it anew: a reader sees all of it or none."""
    encoded = msgspec.json.format(msgspec.json.encode(results), indent=1)
    write_whole(folder / RESULTS_FILE, encoded + b"\n")
