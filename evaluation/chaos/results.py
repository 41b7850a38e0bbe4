"""What did each fault of a series show, and what do all of them say together?"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from evaluation.chaos.state_size import state_bytes
from evaluation.evaluate import Evaluation
from evaluation.fault_record import FaultRecord
from evaluation.recovery_times import HEADINGS, Number
from evaluation.run_folder import read_facts
from evaluation.verdict import EXIT_CODES, Value, Verdict, worst
from generator.whole_file import write_whole

CHAOS_FILE: Final = "chaos.json"
#: The judge that says what was lost, and whether a fault hit anything.
DELIVERY: Final = "delivery"
#: What an output can suffer.
HARMS: Final = ("missing", "repeated", "unexpected", "different")
#: What begins the names of the delivery judge's figures on each kind of output: decisions, late
#: swipes and dead letters; alerts; windows. What is counted across cards, and the windows, go
#: through sinks of their own: their transactions can be lost while all decisions are there.
PREFIXES: Final = ("", "alerts_", "windows_")
#: Figures of the delivery judge on a run as a whole that must be nothing: decisions of a card in
#: another order, swipes without exactly one fate, cards that the job's state counts otherwise.
OF_A_RUN: Final = ("out_of_order", "fates_broken", "ledger_wrong")
#: What is kept of the delivery judge's figures. Phantoms do no harm: nobody committed them.
COUNTS: Final = (
    *(f"{prefix}{harm}" for prefix in PREFIXES for harm in HARMS),
    *OF_A_RUN,
    "phantoms",
)
#: Figures of the recovery judge, without the fault's name.
TIMES: Final = (
    "uncommitted_outage",
    "committed_calm",
    *HEADINGS.values(),
    "committed_p99_before",
    "committed_p99_during",
    "committed_p99_after",
)


class FaultOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """One fault of one run.

    Attributes
    ----------
    fault, run_id, seed
        Which, in which run; the seed of a random sequence.
    guarantee
        The sink's: ``exactly-once``, or ``at-least-once`` for the negative control.
    verdict, reason
        Of the run. Of the negative control: pass where its fault landed, repeats were seen, and
        nothing else was.
    record
        What was done.
    expected
        Decisions, late swipes and dead letters that should have come.
    expected_alerts, expected_windows
        The same of alerts and of windows; None where nobody counted them.
    counts
        `COUNTS` by name.
    ledger_cards, ledger_cards_again
        Cards whose counts were held against the replay, and those of them with more than one swipe;
        None where none were.
    times_ms
        `TIMES` by name, None where not measured; a latency that never came is ``infinite``.
    failed_commits, restarts
        Of the job.
    state_bytes
        Of the last checkpoint before the fault; None where none was seen.
    promised_records
        Decisions that this checkpoint had promised and that were committed only after the fault;
        None where nobody can tell.
    """

    fault: str
    run_id: str
    seed: int | None = None
    guarantee: str = "exactly-once"
    verdict: Value
    reason: str
    record: FaultRecord
    expected: int
    expected_alerts: int | None = None
    expected_windows: int | None = None
    counts: dict[str, Number]
    ledger_cards: int | None = None
    ledger_cards_again: int | None = None
    times_ms: dict[str, Number]
    failed_commits: int | None = None
    restarts: int | None = None
    state_bytes: int | None = None
    promised_records: int | None = None

    @property
    def is_control(self) -> bool:
        """Whether it must show harm."""
        return self.guarantee != "exactly-once"

    @property
    def is_in_doubt(self) -> bool:
        """Whether its run proves nothing; what the run lost is no less lost."""
        return self.verdict == "inconclusive"

    @property
    def missed_its_moment(self) -> bool:
        """Whether it chose a moment and found nothing there, which is all that is in doubt."""
        missed = self.record.hit_nothing_because(self.promised_records)
        return self.is_in_doubt and self.reason == f"{DELIVERY}: {missed}"

    @property
    def is_proven(self) -> bool:
        """Whether it was shown to have hit something."""
        missed = self.record.hit_nothing_because(self.promised_records)
        return missed is None and self.record.proves_nothing_because() is None


class Chaos(msgspec.Struct, frozen=True, kw_only=True):
    """All faults of a series, in order, with what they ran on.

    Attributes
    ----------
    facts
        Commit, machine, command, stack, replay and job settings.
    """

    outcomes: list[FaultOutcome]
    facts: dict[str, Any]

    @property
    def missed(self) -> list[FaultOutcome]:
        """Those that missed their moment, where another of their kind hit it, and all was well."""
        hit = {(each.fault, each.guarantee) for each in self.outcomes if each.verdict == "pass"}
        return [
            each
            for each in self.outcomes
            if each.missed_its_moment and (each.fault, each.guarantee) in hit
        ]

    @property
    def verdict(self) -> Verdict:
        """The worst of all faults; one that missed says nothing where another of its kind hit."""
        nothing = Verdict("inconclusive", "no fault was brought about")
        missed = self.missed
        return worst(
            [
                Verdict(each.verdict, f"{each.fault}: {each.reason}")
                for each in self.outcomes
                if each not in missed
            ],
            otherwise=nothing,
        )

    @property
    def sentence(self) -> str:
        """How many were as they must be."""
        passed = sum(each.verdict == "pass" for each in self.outcomes)
        held = f"{passed} of {len(self.outcomes)} as they must be"
        names = ", ".join(sorted({each.fault for each in self.missed}))
        return (
            f"{held}; {len(self.missed)} hit nothing where another did ({names})" if names else held
        )

    @property
    def exit_code(self) -> int:
        """By the verdict."""
        return EXIT_CODES[self.verdict.value]


def outcomes_of(
    evaluation: Evaluation, faults: list[FaultRecord], folder: Path, *, seed: int | None = None
) -> list[FaultOutcome]:
    """What a judged run says of its faults.

    Parameters
    ----------
    evaluation
        Of the run; a negative control's must have failed for repeats.
    faults
        As the run recorded them.
    folder
        Of the run, whose record of the job has its checkpoints.
    seed
        Of a random sequence.
    """
    guarantee = str(evaluation.settings.get("job", {}).get("sink_guarantee", "exactly-once"))
    value, reason = _verdict(evaluation, guarantee, faults)
    job = evaluation.job
    checkpoints = read_facts(folder).job.checkpoints
    return [
        FaultOutcome(
            fault=fault.fault,
            run_id=evaluation.run_id,
            seed=seed,
            guarantee=guarantee,
            verdict=value,
            reason=reason,
            record=fault,
            expected=int(_figure(evaluation, DELIVERY, "expected_outputs") or 0),
            expected_alerts=_whole(_figure(evaluation, DELIVERY, "expected_alerts")),
            expected_windows=_whole(_figure(evaluation, DELIVERY, "expected_windows")),
            ledger_cards=_whole(_figure(evaluation, DELIVERY, "ledger_cards")),
            ledger_cards_again=_whole(_figure(evaluation, DELIVERY, "ledger_cards_again")),
            counts={name: _figure(evaluation, DELIVERY, name) for name in COUNTS},
            times_ms=_times(evaluation, _prefix(fault, number, faults)),
            failed_commits=_whole(_figure(evaluation, "stability", "failed_commits")),
            restarts=_whole(job.get("restarts")),
            state_bytes=state_bytes(checkpoints, fault),
            promised_records=_whole(
                _figure(evaluation, "recovery", f"{_prefix(fault, number, faults)}promised_records")
            ),
        )
        for number, fault in enumerate(faults, 1)
    ]


def _verdict(
    evaluation: Evaluation, guarantee: str, faults: list[FaultRecord]
) -> tuple[Value, str]:
    if guarantee == "exactly-once":
        return evaluation.verdict.value, evaluation.verdict.reason
    unproven = next((why for each in faults if (why := each.proves_nothing_because())), None)
    if unproven is not None:
        return "inconclusive", unproven
    counts = {name: _figure(evaluation, DELIVERY, name) for name in HARMS}
    repeated, missing = counts["repeated"], counts["missing"]
    whole = missing == 0 and counts["unexpected"] == 0
    if whole and isinstance(repeated, int) and repeated > 0:
        return "pass", f"the judge saw {repeated:,} repeats, as it must with this sink"
    if evaluation.verdict.value == "inconclusive":
        return "inconclusive", evaluation.verdict.reason
    if not whole:
        return "fail", (
            f"a sink that repeats loses and invents nothing, and {missing} were missing, "
            f"{counts['unexpected']} unexpected"
        )
    return "fail", "a sink that repeats was not seen to repeat: the judge is blind"


def _prefix(fault: FaultRecord, number: int, faults: list[FaultRecord]) -> str:
    """What the recovery judge's figures of a fault begin with."""
    return f"{number}_{fault.fault}_" if len(faults) > 1 else f"{fault.fault}_"


def _times(evaluation: Evaluation, prefix: str) -> dict[str, Number]:
    return {name: _figure(evaluation, "recovery", f"{prefix}{name}") for name in TIMES}


def _figure(evaluation: Evaluation, judge: str, name: str) -> Number:
    figure = evaluation.figure(judge, name)
    return None if figure is None else figure.value


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) else None


def write_chaos(chaos: Chaos, folder: Path) -> None:
    """Write ``chaos.json``, or write it anew: a reader sees all of it or none."""
    encoded = msgspec.json.format(msgspec.json.encode(chaos), indent=1)
    write_whole(folder / CHAOS_FILE, encoded + b"\n")
