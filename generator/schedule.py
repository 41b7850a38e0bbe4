"""When is each record due, on the wall and in event time?

A load shape is a rate over the replay's wall time; positions in the replay are fractions of all
its records. Event time runs ``speedup`` times as fast as the wall.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from generator.mixing import F64, I64
from generator.settings import ReplaySettings

#: Relative card activity by hour of the day (UTC). A choice after the shape retailers publish: a
#: peak at noon, one after work, a quiet night.
HOURLY_ACTIVITY: Final = (
    0.25, 0.15, 0.10, 0.10, 0.15, 0.30, 0.70, 1.20, 1.50, 1.50, 1.60, 1.80,
    2.00, 1.70, 1.50, 1.50, 1.70, 1.90, 1.80, 1.50, 1.10, 0.80, 0.60, 0.40,
)  # fmt: skip
#: Bursts: every 20 s, 2 s at four times the quiet rate. A choice.
BURST_PERIOD_S: Final = 20
BURST_LENGTH_S: Final = 2
BURST_FACTOR: Final = 4.0
#: Peak: from one share of the measured time to the other, so many times the rate before and after.
#: A choice: calm to compare with, and after it long enough for whoever scales to scale back.
PEAK_FROM: Final = 0.25
PEAK_TO: Final = 0.6
PEAK_FACTOR: Final = 3.0

_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
_CUMULATIVE: Final = np.concatenate(
    [[0.0], np.round(np.cumsum(np.array(HOURLY_ACTIVITY)) / sum(HOURLY_ACTIVITY), 12)]
)


def activity_days(time_ms: I64) -> F64:
    """Event time measured in days' worth of activity: slow at night, fast at noon."""
    day, rest = np.divmod(time_ms, _DAY_MS)
    days: F64 = day + np.interp(rest / _HOUR_MS, np.arange(25.0), _CUMULATIVE)
    return days


def time_at_activity(days: F64) -> I64:
    """The inverse of :func:`activity_days`, in ms."""
    whole = np.floor(days)
    hours = np.interp(days - whole, _CUMULATIVE, np.arange(25.0))
    time_ms: F64 = whole * _DAY_MS + np.floor(hours * _HOUR_MS)
    return time_ms.astype(np.int64)


def peak_span_s(duration_s: float, warm_up_s: float) -> tuple[float, float]:
    """Seconds of the schedule from which and to which a peak lasts."""
    return warm_up_s + PEAK_FROM * duration_s, warm_up_s + PEAK_TO * duration_s


def peak_average(calm_rate: float, duration_s: float, warm_up_s: float) -> float:
    """The average rate of a load with a peak, from that of its calm parts."""
    begin_s, end_s = peak_span_s(duration_s, warm_up_s)
    share = (end_s - begin_s) / (duration_s + warm_up_s)
    return calm_rate * (1 + (PEAK_FACTOR - 1) * share)


class Schedule:
    """The load shape of one replay."""

    def __init__(self, settings: ReplaySettings) -> None:
        self._wall_ms = (settings.warm_up_s + settings.duration_s) * 1000
        self._start_ms = settings.event_time_start_ms
        self._speedup = settings.speedup
        edges_ms, rates = _steps(settings, self._wall_ms)
        share = np.cumsum(np.diff(edges_ms) * rates)
        self._edges_ms = edges_ms
        self._share = np.round(np.concatenate([[0.0], share / share[-1]]), 12)

    def due_us(self, records: int) -> I64:
        """Intended send of each record in order, microseconds after the start."""
        fractions = np.arange(records) / records
        due_us: F64 = np.rint(np.interp(fractions, self._share, self._edges_ms) * 1000)
        return due_us.astype(np.int64)

    def event_time_ms(self, fractions: F64) -> I64:
        """Event time at fractions in [0, 1) of all records."""
        wall_ms = np.interp(fractions, self._share, self._edges_ms)
        passed_ms: F64 = np.floor(wall_ms * self._speedup)
        return self._start_ms + passed_ms.astype(np.int64)


def _steps(settings: ReplaySettings, wall_ms: int) -> tuple[F64, F64]:
    """Edges (wall ms) of the spans of even rate, and the relative rate in each."""
    if settings.load == "constant":
        return np.array([0.0, wall_ms]), np.array([1.0])
    if settings.load == "peak":
        begin_s, end_s = peak_span_s(settings.duration_s, settings.warm_up_s)
        peak_ms = np.array([0.0, begin_s * 1000, end_s * 1000, wall_ms])
        return peak_ms, np.array([1.0, PEAK_FACTOR, 1.0])
    if settings.load == "bursts":
        period_ms, length_ms = BURST_PERIOD_S * 1000, BURST_LENGTH_S * 1000
        starts = np.arange(0, wall_ms, period_ms)
        edges = np.unique(np.concatenate([starts, starts + period_ms - length_ms, [wall_ms]]))
        edges = edges[edges <= wall_ms]
        in_burst = edges[:-1] % period_ms >= period_ms - length_ms
        return edges.astype(np.float64), np.where(in_burst, BURST_FACTOR, 1.0)
    start_ms, end_ms = settings.event_time_start_ms, settings.event_time_end_ms
    hours = np.arange(start_ms // _HOUR_MS + 1, (end_ms - 1) // _HOUR_MS + 1) * _HOUR_MS
    event_edges = np.unique(np.concatenate([[start_ms], hours, [end_ms]]))
    hour_of_day = event_edges[:-1] // _HOUR_MS % 24
    edges_ms = (event_edges - start_ms) / settings.speedup
    edges_ms[-1] = wall_ms
    return edges_ms, np.array(HOURLY_ACTIVITY)[hour_of_day]
