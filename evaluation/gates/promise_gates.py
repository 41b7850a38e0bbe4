"""Did the repetitions keep what is promised of every run, whatever the machine?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from evaluation.gates.against import Asked, gate, not_measured
from evaluation.gates.block_bootstrap import blocked_quantile, samples_needed
from evaluation.gates.gate import Gate, by_interval
from evaluation.gates.profiles import Profile, Promises
from evaluation.gates.repetition import VIEW, Repetition
from evaluation.intervals import zero_note
from evaluation.verdict import Value, number

_QUESTIONS: Final = {
    "missing": "Was a decision or an alert lost?",
    "repeated": "Did a decision or an alert come twice?",
    "different": "Is a decision or an alert not what the engine makes of the swipes sent?",
}
#: Judges whose times do not depend on how warm the cluster is, and those of which they do.
_ALWAYS: Final = ("delivery",)
_WARM: Final = ("stability", "throughput")
QUANTILE: Final = 0.99


def delivery_gates(repetitions: Sequence[Repetition], promises: Promises) -> Iterator[Gate]:
    """Counts over all repetitions, those whose times do not count among them."""
    for name, question in _QUESTIONS.items():
        yield _count(name, question, repetitions, getattr(promises, name))
    yield _other_judges(repetitions, promises.other_judges_failed)


def latency_gate(repetitions: Sequence[Repetition], profile: Profile, doubt: str) -> Gate:
    """The p99 until a decision can be read, over all repetitions that count.

    Parameters
    ----------
    doubt
        Why the machine may be what was measured; empty where it is not.
    """
    asked = Asked(
        f"{VIEW}_p99",
        "How late is one decision in a hundred, from the intended send until it can be read?",
        "live",
        "ms",
        "promise",
    )
    bounds, limit_ms = profile.latency, profile.promises.uncommitted_p99_ms
    series = [each.series for each in repetitions if each.counts and each.series is not None]
    if not series:
        return not_measured(asked, doubt or "no latency was recorded", threshold=limit_ms)
    found = blocked_quantile(series, QUANTILE, bounds.resamples)
    needed = samples_needed(QUANTILE, bounds.samples_beyond)
    few = [
        f"{there:,} {what}, {least:,} needed"
        for what, there, least in (
            ("repetitions", len(series), profile.runs.repetitions_min),
            ("samples", found.samples, needed),
            ("blocks", found.blocks, bounds.blocks_min),
        )
        if there < least
    ]
    why = "; ".join([*few, *([doubt] if doubt else [])])
    each = [run.number("latency", asked.name) for run in repetitions if run.counts]
    verdict: Value = by_interval(found.interval, limit_ms)
    spread = f"{min(each):.0f} to {max(each):.0f} ms by repetition"
    return gate(
        asked,
        value=number(found.value_ms),
        low=_end(found.interval.low),
        high=_end(found.interval.high),
        threshold=limit_ms,
        verdict="inconclusive" if why else verdict,
        note=why or f"{len(series)} repetitions, {found.samples:,} swipes; {spread}",
    )


def _end(value: float) -> float | str | None:
    found = number(value)
    return float(found) if isinstance(found, int) else found


def _count(name: str, question: str, repetitions: Sequence[Repetition], limit: int) -> Gate:
    asked = Asked(name, question, "live", "records", "promise")
    figures = [
        run.figure("delivery", prefix + name) for run in repetitions for prefix in ("", "alerts_")
    ]
    known = [each for each in figures if each is not None and isinstance(each.value, int)]
    if not known or len(known) < len(figures):
        return not_measured(asked, "not counted in each repetition", threshold=limit)
    count = sum(int(each.value) for each in known if each.value is not None)
    of = int(sum(_or_zero(run.number("delivery", "expected_outputs")) for run in repetitions))
    verdict: Value = "pass"
    note = zero_note(count, of)
    if count > limit:
        proven = any(each.verdict == "fail" for each in known if each.value)
        verdict = "fail" if proven else "inconclusive"
        note = _where(name, repetitions) if proven else "a run ended before it was complete"
    return _counted(asked, count, limit, verdict, note)


def _counted(asked: Asked, count: int, limit: int, verdict: Value, note: str) -> Gate:
    """A gate on a count, which is its own interval."""
    return gate(
        asked, value=count, low=count, high=count, threshold=limit, verdict=verdict, note=note
    )


def _or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def _where(name: str, repetitions: Sequence[Repetition]) -> str:
    runs = [
        run.run_id
        for run in repetitions
        if any(run.number("delivery", prefix + name) > 0 for prefix in ("", "alerts_"))
    ]
    return f"in {', '.join(runs)}: results/delivery_faults.parquet has the first"


def _other_judges(repetitions: Sequence[Repetition], limit: int) -> Gate:
    asked = Asked(
        "other_judges",
        "Did delivery, stability and throughput hold in each repetition?",
        "live",
        "repetitions",
        "promise",
    )
    failed, unknown = [], []
    for run in repetitions:
        for name in (*_ALWAYS, *(_WARM if run.counts else ())):
            result = run.results.judge(name)
            if result is None:
                unknown.append(f"{name}: nobody judged it in {run.run_id}")
            elif result.verdict == "fail":
                failed.append((run.run_id, f"{name} failed in {run.run_id}: {result.reason}"))
            elif result.verdict == "inconclusive":
                unknown.append(f"{name} in {run.run_id}: {result.reason}")
    count = len({run_id for run_id, _ in failed})
    verdict: Value = "fail" if count > limit else "inconclusive" if unknown else "pass"
    reasons = [reason for _, reason in failed] if verdict == "fail" else unknown
    note = "; ".join(reasons[:2]) + (f" and {len(reasons) - 2} more" if len(reasons) > 2 else "")
    return _counted(asked, count, limit, verdict, note)
