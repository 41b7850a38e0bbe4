"""Did the job keep up with what it was offered?"""

from __future__ import annotations

from typing import ClassVar, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from evaluation.disturbed import disturbed
from evaluation.fates import first_outputs
from evaluation.history import FATE_TOPICS, History, Int64s, Sends, integers
from evaluation.intervals import Slope, slope
from evaluation.judges.base import Findings, Judge, Outcome
from evaluation.thresholds import Thresholds, ThroughputThresholds
from evaluation.verdict import Figure, Value

#: How often the backlog is read off, the same as the collector's lag samples.
STEP_NS: Final = 500_000_000
_SECOND_NS: Final = 1_000_000_000


class Window(NamedTuple):
    """The measured window: from the end of the warm-up to the last intended send."""

    start_ns: int
    end_ns: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end_ns - self.start_ns) / _SECOND_NS


class Throughput(Judge):
    """Did the job keep up with what it was offered?

    Measures
    --------
    In the window from the end of the warm-up to the last intended send: swipes offered a second
    (intended sends that were delivered), outputs achieved a second (first receipts at the reader of
    uncommitted records), and the backlog (sent minus received) every 500 ms with its slope, by
    least squares. The job's own lag on Kafka is reported beside it.

    Verdict
    -------
    Fails when the achieved rate is below its share of the offered one, or when the backlog surely
    grows: the lower end of the slope's 95% interval is over its share of the offered rate.
    Inconclusive when the window is too short, or sends or outputs were not recorded; and where it
    fails by little on a machine that was disturbed (steal, floor or slip).

    References
    ----------
    Karimov et al., "Benchmarking Distributed Stream Data Processing Systems" (ICDE 2018):
    sustainable throughput is the highest rate without a growing backlog.
    """

    name: ClassVar[str] = "throughput"

    def judge(self, history: History, thresholds: Thresholds) -> Outcome:
        """Judge rate and backlog."""
        findings = Findings()
        bounds = thresholds.throughput
        sends = history.sends
        if sends is None or not sends.delivered.any():
            findings.unknown(["what was sent is unknown (sends.parquet)"])
            return Outcome(findings.result(self.name, ""), {})
        absent = [topic for topic in FATE_TOPICS if not history.writes(topic)]
        if "decisions" in absent:
            findings.unknown(["decisions are not written by this job, or were not recorded"])
            return Outcome(findings.result(self.name, ""), {})
        if not history.facts.job.external:  # another job need not have these
            findings.unknown(f"{topic} are not written by this job" for topic in absent)
        window = _window(history, sends)
        received_ns = np.sort(first_outputs(history, "uncommitted")[1])
        if history.facts.job.external and not len(received_ns):
            findings.unknown(["nothing came out: whether the job ran is unknown"])
            return Outcome(findings.result(self.name, ""), {})
        excuse = disturbed(history, sends, thresholds.latency, window.start_ns, window.end_ns)
        rate = _rates(findings, history, sends, received_ns, window, bounds, excuse)
        times_ns, backlog = backlog_over_time(sends, received_ns, window)
        _growth(findings, times_ns, backlog, rate, bounds, window, excuse)
        _kafka_lag(findings, history, window)
        result = findings.result(self.name, f"{rate:,.0f} swipes/s kept up with")
        seconds = (times_ns - window.start_ns) / _SECOND_NS
        return Outcome(result, {"backlog": pa.table({"second": seconds, "records": backlog})})


def _window(history: History, sends: Sends) -> Window:
    stated = history.facts.sends.start_monotonic_ns
    start_ns = int(sends.intended_ns.min()) if stated is None else stated
    return Window(start_ns + int(history.facts.warm_up_ms * 1e6), int(sends.intended_ns.max()))


def _within(times_ns: Int64s, window: Window) -> int:
    return int(((times_ns >= window.start_ns) & (times_ns < window.end_ns)).sum())


def _rates(
    findings: Findings,
    history: History,
    sends: Sends,
    received_ns: Int64s,
    window: Window,
    bounds: ThroughputThresholds,
    excuse: str | None,
) -> float:
    """Report offered and achieved; the offered rate a second."""
    findings.report("window", round(max(window.seconds, 0.0), 3), "s")
    if window.seconds < bounds.window_s:
        findings.unknown(
            [
                f"the measured window of {max(window.seconds, 0.0):.1f} s is shorter than "
                f"{bounds.window_s:g} s (run longer)"
            ]
        )
        if window.seconds <= 0:
            return 0.0
    offered = _within(sends.intended_ns[sends.delivered], window) / window.seconds
    achieved = _within(received_ns, window) / window.seconds
    promised = history.facts.manifest.rate_per_min
    findings.report("promised_rate", None if promised is None else promised / 60, "swipes/s")
    findings.report("offered_rate", offered, "swipes/s")
    if window.seconds < bounds.window_s:
        # What is on its way at the edges would weigh more than the job's rate.
        findings.report("achieved_rate", achieved, "swipes/s", "the window is too short")
        return offered
    floor = offered * bounds.achieved_share_min
    sure = achieved < offered * (1 - bounds.disturbed_share)
    value: Value = "pass"
    reason = f"{achieved:,.0f} of {offered:,.0f} swipes/s came out"
    if achieved < floor:
        value, reason = _excused(reason, excuse, sure=sure)
    findings.bound(Figure("achieved_rate", achieved, "swipes/s", floor, value), reason)
    return offered


def _excused(reason: str, excuse: str | None, *, sure: bool) -> tuple[Value, str]:
    """A failure, unless it is small and the machine may have caused it."""
    if sure or excuse is None:
        return "fail", reason
    return "inconclusive", f"{reason}, but {excuse}"


def backlog_over_time(sends: Sends, received_ns: Int64s, window: Window) -> tuple[Int64s, Int64s]:
    """Records sent and not yet decided, every 500 ms of the window.

    Parameters
    ----------
    sends
        The send log.
    received_ns
        First outputs, sorted.
    window
        The measured window.

    Returns
    -------
    times_ns, records
    """
    times_ns = np.arange(window.start_ns, window.end_ns + 1, STEP_NS, dtype=np.int64)
    sent_ns = np.sort(sends.actual_ns[sends.delivered])
    sent = np.searchsorted(sent_ns, times_ns, side="right")
    received = np.searchsorted(received_ns, times_ns, side="right")
    return times_ns, (sent - received).astype(np.int64)


def _slope_per_s(times_ns: Int64s, records: NDArray[np.int64]) -> Slope | None:
    if len(times_ns) < 3:
        return None
    return slope((times_ns - times_ns[0]) / _SECOND_NS, records.astype(np.float64))


def _growth(
    findings: Findings,
    times_ns: Int64s,
    backlog: Int64s,
    rate: float,
    bounds: ThroughputThresholds,
    window: Window,
    excuse: str | None,
) -> None:
    growth = _slope_per_s(times_ns, backlog)
    findings.report("backlog_max", int(backlog.max()) if len(backlog) else None, "records")
    findings.report("backlog_end", int(backlog[-1]) if len(backlog) else None, "records")
    if growth is None or window.seconds < bounds.window_s:
        findings.report("backlog_growth", None, "records/s", "the window is too short")
        return
    limit = rate * bounds.backlog_growth_share_max
    low, high = growth.interval
    value: Value = "pass"
    reason = f"the backlog grew by {growth.value:,.0f} records/s (at least {low:,.0f})"
    if low > limit:
        value, reason = _excused(reason, excuse, sure=low > rate * bounds.disturbed_share)
    note = f"95% interval {low:,.1f} to {high:,.1f}"
    findings.bound(Figure("backlog_growth", growth.value, "records/s", limit, value, note), reason)


def _kafka_lag(findings: Findings, history: History, window: Window) -> None:
    """The job's own lag: what it had not yet read, as far as Kafka was told."""
    lag = history.lag
    if lag is None or "read_offset_sum" not in lag.column_names:
        findings.report("kafka_lag_growth", None, "records/s", "not recorded")
        return
    times_ns = integers(lag, "time_ns")
    records = integers(lag, "end_offset_sum") - integers(lag, "read_offset_sum")
    known = (integers(lag, "read_offset_sum") >= 0) & (times_ns >= window.start_ns)
    known &= times_ns <= window.end_ns
    growth = _slope_per_s(times_ns[known], records[known])
    findings.report("kafka_lag_growth", None if growth is None else growth.value, "records/s")
    highest = int(records[known].max()) if known.any() else None
    findings.report("kafka_lag_max", highest, "records")
