"""Does the interval of a percentile hold what it says, when one second is late as a whole?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.gates.block_bootstrap import Series, blocked_quantile, samples_needed

SECONDS, PER_SECOND = 120, 20
#: Of a block, seconds.
BLOCK_S = 2
#: Of the level of a second, on the next one's: a stall outlasts its second a little.
CARRIED_OVER = 0.3


def traffic(rng: np.random.Generator, seconds: int = SECONDS) -> Series:
    """Latencies whose level is that of their second, and of the one before."""
    level = np.empty(seconds)
    level[0] = rng.normal()
    for second in range(1, seconds):
        fresh = rng.normal() * (1 - CARRIED_OVER**2) ** 0.5
        level[second] = CARRIED_OVER * level[second - 1] + fresh
    swipes = np.exp(np.repeat(level, PER_SECOND) + 0.5 * rng.normal(size=seconds * PER_SECOND))
    return Series(10 * swipes, np.repeat(np.arange(seconds), PER_SECOND))


def covered(quantile: float, trials: int, *, blocks_of_one: bool) -> float:
    """How often the interval holds the true value."""
    rng = np.random.default_rng(7)
    truth = np.quantile(traffic(np.random.default_rng(1), 40_000).latency_ms, quantile)
    hits = 0
    for trial in range(trials):
        series = traffic(rng)
        alone = np.arange(len(series.block))
        series = series._replace(block=alone if blocks_of_one else series.block // BLOCK_S)
        low, high = blocked_quantile([series], quantile, resamples=150, seed=trial).interval
        hits += low <= truth <= high
    return hits / trials


def test_an_interval_of_95_percent_holds_the_truth_about_so_often() -> None:
    # 200 trials tell it to within 0.04; as blocks are not independent it is a little too narrow.
    assert 0.87 <= covered(0.9, trials=200, blocks_of_one=False) <= 0.99


def test_taking_swipes_to_be_independent_would_be_far_too_sure() -> None:
    """The negative control."""
    assert covered(0.9, trials=20, blocks_of_one=True) < 0.6


def test_each_repetition_keeps_its_share() -> None:
    calm = Series(np.full(300, 10.0), np.repeat(np.arange(10), 30))
    slow = Series(np.full(300, 90.0), np.repeat(np.arange(10), 30))
    apart = blocked_quantile([calm, slow], 0.6, resamples=200)
    assert apart.interval == (90.0, 90.0)
    together = Series(np.append(calm.latency_ms, slow.latency_ms), np.repeat(np.arange(20), 30))
    assert blocked_quantile([together], 0.6, resamples=200).interval == (10.0, 90.0)


def test_one_stalled_second_of_a_hundred_leaves_a_p99_undecided() -> None:
    latency_ms = np.full(10_000, 20.0)
    latency_ms[4_000:4_100] = 400.0
    found = blocked_quantile([Series(latency_ms, np.repeat(np.arange(100), 100))], 0.99, 500)
    assert found.interval == (20.0, 400.0)


def test_what_never_came_is_infinitely_late() -> None:
    latency_ms = np.full(1_000, 20.0)
    latency_ms[::50] = np.inf
    found = blocked_quantile([Series(latency_ms, np.repeat(np.arange(10), 100))], 0.99, 200)
    assert found.value_ms == np.inf
    assert found.interval.high == np.inf


@settings(deadline=None)
@given(st.floats(0.01, 1_000), st.integers(1, 5))
def test_other_units_give_the_same_interval_in_other_units(scale: float, seed: int) -> None:
    series = traffic(np.random.default_rng(seed), seconds=20)
    one = blocked_quantile([series], 0.95, 100)
    other = blocked_quantile([series._replace(latency_ms=scale * series.latency_ms)], 0.95, 100)
    assert other.value_ms == pytest.approx(scale * one.value_ms, rel=1e-9)
    assert other.interval == pytest.approx([scale * end for end in one.interval], rel=5e-3)


def test_the_value_is_the_one_at_its_rank_and_lies_within() -> None:
    latency_ms = np.arange(1.0, 1_001.0)
    found = blocked_quantile([Series(latency_ms, np.arange(1_000) // 10)], 0.99, 200)
    assert found.value_ms == 990.0
    assert found.interval.low <= 990.0 <= found.interval.high
    assert (found.samples, found.blocks) == (1_000, 100)


def test_no_latencies_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no latencies"):
        blocked_quantile([Series(np.empty(0), np.empty(0, dtype=np.int64))], 0.99, 100)


def test_a_rarer_percentile_needs_more_samples() -> None:
    assert [samples_needed(each, 100) for each in (0.5, 0.99, 0.999)] == [200, 10_000, 100_000]
