"""Did the job follow its load: up when it grew, no lag left, and down again?

A pure function of what was written down. Whether anything was lost or repeated on the way the
judges say, as of any run.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import msgspec

from evaluation.autoscaling.record import Autoscaling, Sample
from evaluation.verdict import Value, Verdict, worst

#: Caught up is who is behind by no more than this long of what is offered, seconds. A choice:
#: swipes wait for the next checkpoint, which here comes every two seconds, and commit a moment
#: later.
CAUGHT_UP_S: Final = 3.0
#: The file in the folder of results.
OUTCOME_FILE: Final = "autoscaling.json"


class Answer(msgspec.Struct, frozen=True):
    """The answer to one question, in a sentence."""

    question: str
    verdict: Value
    words: str


class Outcome(msgspec.Struct, frozen=True):
    """All answers."""

    answers: tuple[Answer, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of them."""
        return worst(
            (Verdict(each.verdict, f"{each.question}: {each.words}") for each in self.answers),
            otherwise=Verdict("pass", "the job followed its load"),
        )


class Rescaling(msgspec.Struct, frozen=True):
    """From a decision to the moment at which the job ran with it.

    Attributes
    ----------
    from_s, to_s
        Seconds of the schedule; ``to_s`` is None where the job did not come to run with it.
    before, after
        The job's parallelism.
    """

    from_s: float
    to_s: float | None
    before: int
    after: int


def rescalings(record: Autoscaling) -> list[Rescaling]:
    """How long the job took to run as each decision asked for; until the next one at most."""
    ends = [*(each.at_s for each in record.decisions[1:]), math.inf]
    found = []
    for decision, end_s in zip(record.decisions, ends, strict=True):
        reached = (
            each.at_s
            for each in record.samples
            if decision.at_s < each.at_s < end_s
            and each.running
            and each.parallelism == decision.after
        )
        to_s = next(reached, None)
        found.append(Rescaling(decision.at_s, to_s, decision.before, decision.after))
    return found


def judge_autoscaling(record: Autoscaling) -> Outcome:
    """Answer the three questions.

    Parameters
    ----------
    record
        Of the run.
    """
    known = [each for each in record.samples if each.parallelism is not None and each.running]
    if not known:
        return Outcome((Answer("scaled up", "inconclusive", "the job was never seen to run"),))
    return Outcome((_up(record, known), _caught_up(record), _down(record, known)))


def _up(record: Autoscaling, known: list[Sample]) -> Answer:
    question, start = "scaled up", known[0].parallelism or 0
    highest = max(known, key=lambda each: each.parallelism or 0)
    if (highest.parallelism or 0) <= start:
        told = f"; it told: {record.notes[-1].words}" if record.notes else ""
        return Answer(
            question,
            "fail",
            f"the parallelism was {start} all the time{_busiest(record)}{told}",
        )
    first = next((each for each in record.decisions if each.after > each.before), None)
    if first is not None and first.at_s < record.peak_s[0]:
        return Answer(
            question,
            "inconclusive",
            f"at {first.at_s:.0f} s, before the load grew ({first.reason}): give a lower rate or a "
            "higher target",
        )
    words = f"from {start} to {highest.parallelism}"
    for each in rescalings(record):
        if each.after > each.before and each.to_s is not None:
            took_s = each.to_s - each.from_s
            words += f"; {each.after} was decided at {each.from_s:.0f} s, ran {took_s:.0f} s later"
    return Answer(question, "pass", words)


def _busiest(record: Autoscaling) -> str:
    """How busy it came to be under the load that should have had it scaled."""
    begin, end = record.peak_s
    peak = (each.busy for each in record.samples if begin <= each.at_s <= end)
    busiest = max((busy for busy in peak if busy is not None), default=None)
    if busiest is None:
        return ""
    advice = "more would take a lower target_utilization"
    return f"; the busiest task was busy at {busiest:.0%} at most: {advice}"


def _caught_up(record: Autoscaling) -> Answer:
    """Whether the lag was gone once more before the job was scaled down."""
    ups = [each for each in record.decisions if each.is_up]
    if not ups:
        return Answer("caught up", "inconclusive", "nothing was scaled up")
    later = [each for each in record.samples if each.at_s > ups[0].at_s]
    downs = [each.at_s for each in record.decisions if not each.is_up and each.at_s > ups[0].at_s]
    within = [each for each in later if each.at_s < min(downs, default=math.inf)]
    measured = [each for each in within if each.lag is not None and each.offered_per_s]
    if not measured:
        return Answer("caught up", "inconclusive", "the lag is unknown")
    worst = max(measured, key=lambda each: each.lag or 0)
    back = next((each for each in measured if each.at_s > worst.at_s and is_caught_up(each)), None)
    most = f"at most {worst.lag:,} swipes behind, at {worst.at_s:.0f} s"
    if back is None:
        return Answer("caught up", "fail", f"{most}, and never back before it was scaled down")
    return Answer("caught up", "pass", f"{most}; back at {back.at_s:.0f} s ({back.lag:,})")


def is_caught_up(sample: Sample) -> bool:
    """Whether no more waits than what comes in a few seconds."""
    if sample.lag is None or sample.offered_per_s is None:
        return False
    return sample.lag <= CAUGHT_UP_S * sample.offered_per_s


def _down(record: Autoscaling, known: list[Sample]) -> Answer:
    start, last = known[0].parallelism, known[-1]
    if not any(each.is_up for each in record.decisions):
        return Answer("scaled down", "inconclusive", "nothing was scaled up")
    if last.parallelism != start:
        busy = "" if last.busy is None else f"; its busiest task is still busy at {last.busy:.0%}"
        advice = ": give it longer, or a higher target_utilization" if busy else ""
        return Answer(
            "scaled down",
            "fail",
            f"at the end the parallelism was {last.parallelism}, not {start}{busy}{advice}",
        )
    begin = next(each.at_s for each in record.decisions if each.is_up)
    falls = [each for each in record.decisions if each.after < each.before and each.at_s > begin]
    if falls and falls[-1].at_s < record.peak_s[1]:
        words = f"at {falls[-1].at_s:.0f} s, before the load fell ({falls[-1].reason})"
        return Answer("scaled down", "inconclusive", words)
    high = [each for each in known if each.parallelism != start]
    after = next((each for each in known if high and each.at_s > high[-1].at_s), last)
    return Answer("scaled down", "pass", f"to {start}, reached at {after.at_s:.0f} s")


def write_outcome(file: Path, outcome: Outcome) -> None:
    """Write it into the results."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(outcome), indent=1))
