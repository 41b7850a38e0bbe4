from __future__ import annotations

import numpy as np
import pytest

from generator.schedule import Schedule, activity_days, peak_average, time_at_activity
from generator.settings import LoadShape, ReplaySettings


def schedule(load: LoadShape, speedup: float = 1.0) -> Schedule:
    return Schedule(
        ReplaySettings(load=load, speedup=speedup, duration_s=60, warm_up_s=0, rate_per_min=6_000)
    )


def test_a_constant_load_is_evenly_spaced() -> None:
    assert set(np.diff(schedule("constant").due_us(6_000)).tolist()) <= {9_999, 10_000, 10_001}


@pytest.mark.parametrize("load", ["constant", "daily_rhythm", "bursts", "peak"])
def test_every_load_starts_at_once_and_keeps_within_the_time(load: LoadShape) -> None:
    due_us = schedule(load, speedup=1_440.0).due_us(6_000)
    assert due_us[0] == 0
    assert due_us[-1] < 60_000_000
    assert (np.diff(due_us) >= 0).all()


def test_bursts_are_four_times_as_dense() -> None:
    due_s = schedule("bursts").due_us(60_000) // 1_000_000
    quiet, burst = (due_s == 5).sum(), (due_s == 19).sum()
    assert burst / quiet == pytest.approx(4.0, rel=0.01)


def test_a_peak_has_three_times_the_rate_of_the_calm_around_it() -> None:
    due_s = schedule("peak").due_us(round(peak_average(60_000, 60, 0))) / 1_000_000
    rates = [
        ((due_s >= begin) & (due_s < begin + 5)).sum() / 5 for begin in (0, 10, 15, 31, 36, 55)
    ]
    # 60,000 swipes over 60 s, were it calm all the time.
    assert rates == pytest.approx([1_000, 1_000, 3_000, 3_000, 1_000, 1_000], rel=0.01)


def test_the_daily_rhythm_is_quiet_at_night() -> None:
    # One event day from 17:00; 3 s of wall time are 72 min of event time.
    due_s = schedule("daily_rhythm", speedup=1_440.0).due_us(60_000) / 1_000_000
    night = ((due_s > 25) & (due_s < 28)).sum()
    noon = ((due_s > 47) & (due_s < 50)).sum()
    assert noon > 5 * night


def test_event_time_passes_with_the_speedup() -> None:
    fast = schedule("constant", speedup=10.0)
    start_ms = ReplaySettings().event_time_start_ms
    assert fast.event_time_ms(np.array([0.0, 0.5])).tolist() == [start_ms, start_ms + 300_000]


def test_activity_and_its_inverse_agree() -> None:
    times = np.arange(1_772_470_800_000, 1_772_470_800_000 + 86_400_000, 1_234_567)
    back = time_at_activity(activity_days(times))
    # Days since 1970 leave 36 of 53 bits: a millisecond is as fine as it gets.
    assert np.abs(back - times).max() <= 2
