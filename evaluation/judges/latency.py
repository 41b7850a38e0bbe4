"""How long from the moment a swipe should have been sent until its decision can be read?"""

from __future__ import annotations

from typing import ClassVar, Final, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from evaluation.disturbed import round_trips_ns
from evaluation.history import NOWHERE, Bools, History, Int64s, Sends
from evaluation.judges.base import Findings, Judge, Outcome
from evaluation.judges.latency_curve import curve_table
from evaluation.judges.latency_schedule import judge_schedule
from evaluation.judges.latency_split import report_split
from evaluation.matching import first_received, look_up
from evaluation.owed import owed_answers
from evaluation.percentiles import Latencies
from evaluation.thresholds import LatencyThresholds, Thresholds
from evaluation.verdict import Figure, Value, number

VIEWS: Final = ("uncommitted", "committed")
PERCENTILES: Final = ((50.0, "p50"), (90.0, "p90"), (99.0, "p99"), (99.9, "p999"))


class Timed(NamedTuple):
    """Swipes of one view; ``received_ns`` is 0 where the output never came."""

    intended_ns: Int64s
    received_ns: Int64s

    def where(self, rows: Bools) -> Timed:
        """Some of them."""
        return Timed(self.intended_ns[rows], self.received_ns[rows])

    def latencies(self) -> Latencies:
        """Their distribution."""
        came = self.received_ns > 0
        return Latencies(
            self.received_ns[came] - self.intended_ns[came], missing=int((~came).sum())
        )


class Grounds(NamedTuple):
    """Why a latency over its threshold may prove nothing against the job.

    Attributes
    ----------
    doubts
        Why no latency of this run counts at all; None if they do.
    excuse
        Why the machine may have been slow; None if it was not.
    complete
        Whether the run ended completely: only then what has not come never will.
    """

    doubts: str | None
    excuse: str | None
    complete: bool


class Latency(Judge):
    """How long from the intended send of a swipe until its decision can be read?

    Measures
    --------
    For each swipe that was delivered and whose fate is ``judged``: the first receipt of a decision
    on it minus the send that the schedule intended, at a reader of uncommitted and at one of
    committed records; p50, p90, p99, p99.9 and the longest. A decision that never came is
    infinitely late. Swipes intended within ``warm_up_ms`` (manifest) after the start do not count;
    figures with them are reported beside it, as are those of the other fates. The floor is a plain
    round trip through the same Kafka in the same run.

    Verdict
    -------
    Passes while the p99 of both views is within its threshold. Inconclusive, whatever the p99:
    with too few samples; at a speedup other than 1; when the sender ran behind its schedule, or
    when what it says it intended is not the schedule of the replay. And for a p99 over its
    threshold: when the run is not complete and decisions are missing; when the machine was taken
    away (steal), or the floor was slow or not measured. A p99 without end in a complete run is
    never the machine's doing, and fails.

    References
    ----------
    Tene, "How NOT to Measure Latency" (2015): measure from the intended send (coordinated
    omission), read percentiles from an HDR histogram.
    """

    name: ClassVar[str] = "latency"

    def judge(self, history: History, thresholds: Thresholds) -> Outcome:
        """Judge both views."""
        findings = Findings()
        bounds = thresholds.latency
        missing = _what_is_missing(history)
        if missing:
            findings.unknown(missing)
            return Outcome(findings.result(self.name, ""), {})
        sends = history.sends
        assert sends is not None  # noqa: S101 - _what_is_missing says so; for the type checker
        start_ns, warm_ns = _start_ns(history, sends), _warm_ns(history, sends)
        doubts = _doubts(findings, history, sends, bounds)
        # Before and after it the machine does other work.
        floor_ns = round_trips_ns(history, warm_ns, int(sends.intended_ns.max()))
        excuse = _machine(findings, history, bounds, floor_ns)
        grounds = Grounds(doubts, excuse, history.facts.job.complete is True)
        judged = _is_judged(history, sends)
        by_second, curves = {}, {}
        for view in VIEWS:
            timed = _timed(history, sends, view)
            measured = timed.where(judged & sends.delivered & (sends.intended_ns >= warm_ns))
            _view(findings, view, measured, bounds, grounds)
            _beside(findings, view, timed, judged & sends.delivered, ~judged & sends.delivered)
            by_second[view] = timed.where(judged & sends.delivered)
            curves[view] = measured.latencies()
        _ratio(findings)
        report_split(findings, history, sends, judged & (sends.intended_ns >= warm_ns))
        result = findings.result(self.name, _held(findings))
        tables = {
            "latency_by_second": _by_second(by_second, start_ns),
            "latency_curve": curve_table(curves),
        }
        return Outcome(result, tables)


def counted(history: History, view: str) -> Timed | None:
    """The swipes of which this judge takes the percentiles of a view.

    Returns
    -------
    Timed or None
        None where the run did not record what that needs.
    """
    sends = history.sends
    if sends is None or _what_is_missing(history):
        return None
    counts = _is_judged(history, sends) & sends.delivered
    return _timed(history, sends, view).where(
        counts & (sends.intended_ns >= _warm_ns(history, sends))
    )


def _what_is_missing(history: History) -> list[str]:
    reasons = []
    if history.sends is None:
        reasons.append("sends.parquet cannot be read, so when a swipe was due is unknown")
    elif not history.sends.delivered.any():
        reasons.append("no swipe was delivered")
    if not history.writes("decisions"):
        reasons.append("decisions are not written by this job, or were not recorded")
    return reasons


def _start_ns(history: History, sends: Sends) -> int:
    stated = history.facts.sends.start_monotonic_ns
    return int(sends.intended_ns.min()) if stated is None else stated


def _warm_ns(history: History, sends: Sends) -> int:
    """When the warm-up ended."""
    return _start_ns(history, sends) + int(history.facts.warm_up_ms * 1e6)


def _is_judged(history: History, sends: Sends) -> Bools:
    """Which sends should have a judged decision.

    By the oracle; without one, all that are owed an answer and have no other fate.
    """
    if history.expected is not None:
        return np.isin(sends.position, history.expected.judged)
    due = np.ones(len(sends.position), dtype=np.bool_)
    if history.facts.job.external and history.sent is not None:
        due = np.isin(sends.position, owed_answers(history.sent).position)
    other = [
        history.source_positions(topic)
        for topic in ("late-swipes", "dead-letters")
        if history.writes(topic)
    ]
    records = history.outputs["decisions"].records
    repeats = [record is not None and record.fate != "judged" for record in records]
    other.append(history.source_positions("decisions")[np.array(repeats, dtype=np.bool_)])
    return due & ~np.isin(sends.position, np.concatenate(other))


def _timed(history: History, sends: Sends, view: str) -> Timed:
    """Every send with the first receipt of any output on it."""
    positions, received_ns = [], []
    for topic in ("decisions", "late-swipes", "dead-letters"):
        if history.writes(topic):
            positions.append(history.source_positions(topic))
            received_ns.append(history.outputs[topic].received_ns(view))
    first = first_received(np.concatenate(positions), np.concatenate(received_ns))
    wanted = np.where(sends.delivered, sends.position, NOWHERE)
    return Timed(sends.intended_ns, look_up(wanted, *first, absent=0))


def _doubts(
    findings: Findings, history: History, sends: Sends, bounds: LatencyThresholds
) -> str | None:
    """Report the sender's slip; say why the load was not the one that was to be measured."""
    doubts = []
    slip_p99_ms = _slip(findings, sends, bounds)
    if not slip_p99_ms <= bounds.slip_p99_ms:
        doubts.append(f"the sender ran {slip_p99_ms:.1f} ms behind its schedule at p99")
    if not judge_schedule(findings, sends, history.facts.sends.start_monotonic_ns):
        doubts.append("the sender did not keep to the replay's schedule")
    if history.facts.speedup != 1.0:
        doubts.append(f"event time ran at speedup {history.facts.speedup:g}, not 1")
        findings.unknown(doubts[-1:])
    return " and ".join(doubts) or None


def _slip(findings: Findings, sends: Sends, bounds: LatencyThresholds) -> float:
    sent = sends.actual_ns > 0
    slip = Latencies((sends.actual_ns - sends.intended_ns)[sent])
    findings.report("slip_p50", slip.percentile_ms(50), "ms")
    p99_ms = slip.percentile_ms(99)
    late = not p99_ms <= bounds.slip_p99_ms
    findings.bound(
        Figure(
            "slip_p99",
            number(p99_ms),
            "ms",
            bounds.slip_p99_ms,
            "inconclusive" if late else "pass",
            "how far the sender ran behind its schedule",
        ),
        f"the sender's p99 slip of {p99_ms:.1f} ms is over {bounds.slip_p99_ms:g} ms: the load "
        "was not what was promised",
    )
    findings.report("slip_max", slip.max_ms, "ms")
    return p99_ms


def _machine(
    findings: Findings, history: History, bounds: LatencyThresholds, floor_ns: Int64s
) -> str | None:
    """Report floor and steal; say why a slow latency may be the machine's doing, if it may."""
    excuses = []
    machine = history.facts.run.machine
    findings.report("calibration", machine.calibration_ms, "ms", "a fixed loop, before the run")
    steal = machine.steal_share
    findings.figures.append(Figure("steal_share", steal, "1", bounds.steal_share))
    if steal is not None and steal > bounds.steal_share:
        excuses.append(f"{steal:.0%} of the CPU was taken away")
    floor = Latencies(floor_ns)
    if floor.samples < bounds.floor_samples:
        findings.report("floor_p50", None, "ms", f"only {floor.samples:,} round trips")
        excuses.append("no floor was measured")
        return " and ".join(excuses)
    p99_ms = floor.percentile_ms(99)
    findings.report("floor_p50", floor.percentile_ms(50), "ms", f"{floor.samples:,} round trips")
    findings.figures.append(Figure("floor_p99", number(p99_ms), "ms", bounds.floor_p99_ms))
    if p99_ms > bounds.floor_p99_ms:
        excuses.append(f"a plain Kafka round trip took {p99_ms:.0f} ms at p99")
    return " and ".join(excuses) or None


def _view(
    findings: Findings, view: str, timed: Timed, bounds: LatencyThresholds, grounds: Grounds
) -> None:
    latencies = timed.latencies()
    threshold_ms = bounds.uncommitted_p99_ms if view == "uncommitted" else bounds.committed_p99_ms
    findings.report(f"{view}_samples", latencies.samples, "swipes")
    findings.report(f"{view}_never_came", latencies.missing, "swipes")
    for percentile, name in PERCENTILES:
        value_ms = latencies.percentile_ms(percentile)
        if name == "p999" and latencies.samples < bounds.p999_samples:
            note = f"needs {bounds.p999_samples:,} samples, there are {latencies.samples:,}"
            findings.report(f"{view}_{name}", None, "ms", note)
        elif name != "p99":
            findings.report(f"{view}_{name}", value_ms, "ms")
        else:
            value, reason = _verdict(view, value_ms, latencies, threshold_ms, bounds, grounds)
            figure = Figure(f"{view}_p99", number(value_ms), "ms", threshold_ms, value)
            findings.bound(figure, reason)
    findings.report(f"{view}_max", latencies.max_ms, "ms")


def _verdict(
    view: str,
    p99_ms: float,
    latencies: Latencies,
    threshold_ms: float,
    bounds: LatencyThresholds,
    grounds: Grounds,
) -> tuple[Value, str]:
    needed = bounds.p99_samples
    if latencies.samples < needed:
        return "inconclusive", (
            f"{view}: {latencies.samples:,} samples, a p99 needs {needed:,} (run longer)"
        )
    if p99_ms <= threshold_ms:
        return "pass", ""
    endless = np.isinf(p99_ms)
    reason = f"{view} p99 is {p99_ms:.1f} ms, over {threshold_ms:g} ms"
    if endless:
        reason = f"{view} p99 has no end: over 1% of the decisions never came"
    if grounds.doubts is not None:
        return "inconclusive", f"{reason}, but {grounds.doubts}"
    if latencies.missing and not grounds.complete:
        # Where the run was cut off is no fault of the job, and what is missing raises the p99.
        return "inconclusive", (
            f"{reason}, but {latencies.missing:,} decisions had not come when the run ended before "
            "it was complete"
        )
    # However slow the machine, it loses nothing.
    if endless or grounds.excuse is None:
        return "fail", reason
    return "inconclusive", f"{reason}, but {grounds.excuse}"


def _beside(findings: Findings, view: str, timed: Timed, judged: Bools, others: Bools) -> None:
    """With warm-up, and the other fates: reported only."""
    everything = timed.where(judged).latencies()
    findings.report(f"{view}_p99_with_warm_up", everything.percentile_ms(99), "ms")
    rest = timed.where(others).latencies()
    note = f"{rest.samples:,} repeats, late swipes and dead letters"
    findings.report(f"{view}_p99_other_fates", rest.percentile_ms(99), "ms", note)


def _ratio(findings: Findings) -> None:
    values = {figure.name: figure.value for figure in findings.figures}
    for view in VIEWS:
        for name in ("p50", "p99"):
            floor, value = values.get(f"floor_{name}"), values.get(f"{view}_{name}")
            if isinstance(floor, float) and isinstance(value, float) and floor > 0:
                findings.report(f"{view}_{name}_to_floor", value / floor, "1")


def _held(findings: Findings) -> str:
    p99s = [
        f"{figure.value:.0f} ms {figure.name.removesuffix('_p99')}"
        for figure in findings.figures
        if figure.name in ("uncommitted_p99", "committed_p99") and isinstance(figure.value, float)
    ]
    return f"p99 {', '.join(p99s)}: within the thresholds"


def _by_second(views: dict[str, Timed], start_ns: int) -> pa.Table:
    """Samples, percentiles and missing by second of the intended send; exact, not from an HDR."""
    parts = []
    for view, timed in views.items():
        latency_ms = (timed.received_ns - timed.intended_ns) / 1e6
        parts.append(
            pa.table(
                {
                    "view": pa.array([view] * len(latency_ms), pa.string()),
                    "second": (timed.intended_ns - start_ns) // 1_000_000_000,
                    "latency_ms": pa.array(latency_ms, mask=timed.received_ns <= 0),
                }
            )
        )
    with duckdb.connect() as connection:
        connection.register("latencies", pa.concat_tables(parts))
        return connection.sql(
            "SELECT view, second, count(*) AS samples, count(*) - count(latency_ms) AS never_came,"
            " quantile_disc(latency_ms, 0.5) AS p50_ms, quantile_disc(latency_ms, 0.99) AS p99_ms,"
            " max(latency_ms) AS max_ms FROM latencies GROUP BY ALL ORDER BY view, second"
        ).to_arrow_table()
