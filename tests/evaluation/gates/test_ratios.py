"""Do ratios and differences to a baseline hold what their intervals say?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.gates.ratios import (
    Compared,
    difference,
    poisson_interval,
    ratio_of,
    ratio_of_means,
    share_by_resampling,
)
from evaluation.intervals import Interval

COSTS = st.lists(st.floats(0.1, 10), min_size=2, max_size=6)


def test_the_interval_of_a_ratio_holds_the_truth_about_so_often() -> None:
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(400):
        now, before = 1.5 * rng.lognormal(0, 0.2, 5), rng.lognormal(0, 0.05, 3)
        low, high = ratio_of_means(now.tolist(), before.tolist()).interval
        hits += low <= 1.5 <= high
    assert 0.92 <= hits / 400 <= 0.99


@settings(deadline=None)
@given(COSTS, COSTS)
def test_a_ratio_turned_round_is_its_inverse(now: list[float], before: list[float]) -> None:
    there, back = ratio_of_means(now, before), ratio_of_means(before, now)
    assert there.value == pytest.approx(1 / back.value)
    assert there.interval.low == pytest.approx(1 / back.interval.high, rel=1e-6)


@pytest.mark.parametrize("wrong", [([1.0], [1.0, 2.0]), ([1.0, 0.0], [1.0, 2.0])])
def test_a_ratio_of_one_repetition_or_of_nothing_is_refused(
    wrong: tuple[list[float], list[float]],
) -> None:
    with pytest.raises(ValueError, match=r"ratio|cost"):
        ratio_of_means(*wrong)


def test_a_difference_of_shares_is_newcombe_s() -> None:
    """His worked example, 56/70 against 48/80: 0.2 with 0.0524 to 0.3339 (method 10)."""
    one = Compared(56 / 70, Interval(0.6918, 0.8769))
    other = Compared(48 / 80, Interval(0.4904, 0.7002))
    found = difference(one, other)
    assert found.value == pytest.approx(0.2)
    assert found.interval == pytest.approx((0.0524, 0.3339), abs=5e-4)


def test_a_ratio_to_what_may_be_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="may be 0"):
        ratio_of(Compared(1.0, Interval(0.5, 2.0)), Compared(1.0, Interval(0.0, 2.0)))


def test_none_now_is_at_most_what_chance_hides() -> None:
    found = ratio_of(Compared(0.0, Interval(0.0, 3.7)), Compared(10.0, Interval(4.8, 18.4)))
    assert found.value == 0.0
    assert found.interval == pytest.approx((0.0, 3.7 / 4.8))


def test_no_event_may_be_up_to_3_7() -> None:
    """Garwood's table: 0 has 0 to 3.69, 1 has 0.0253 to 5.57."""
    assert poisson_interval(0) == pytest.approx((0.0, 3.689), abs=1e-3)
    assert poisson_interval(1) == pytest.approx((0.0253, 5.572), abs=1e-3)


def test_a_share_of_money_is_as_sure_as_its_largest_parts_let_it() -> None:
    whole = np.ones(1_000)
    kept = np.arange(1_000) % 4 == 0
    even = share_by_resampling(kept.tolist(), whole.tolist())
    assert even is not None
    assert even.value == 0.25
    # As of a binomial share: 1.96 sqrt(0.25 x 0.75 / 1000).
    assert even.interval.high - even.interval.low == pytest.approx(2 * 0.0268, rel=0.15)
    whole[0], few = 1_000.0, [1_000.0, *kept[1:].tolist()]
    one_large = share_by_resampling(few, whole.tolist())
    assert one_large is not None
    assert one_large.interval.high - one_large.interval.low > 0.3


def test_a_share_of_nothing_is_none() -> None:
    assert share_by_resampling([0.0, 0.0], [0.0, 0.0]) is None
    assert not math.isnan(
        difference(Compared(0, Interval(0, 0)), Compared(0, Interval(0, 0))).value
    )
