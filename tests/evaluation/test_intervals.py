import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaluation.intervals import slope, upper_bound, wilson


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_agrees_with_scipy(counts):
    successes, trials = counts
    theirs = stats.binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert wilson(successes, trials) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (3, 2), (-1, 5)])
def test_no_share_is_refused(successes, trials):
    with pytest.raises(ValueError, match="is no share"):
        wilson(successes, trials)


def test_none_found_follows_the_rule_of_three():
    assert upper_bound(0, 100_000) == 3e-5
    exact = 1 - 0.05 ** (1 / 100_000)
    assert upper_bound(0, 100_000) == pytest.approx(exact, rel=2e-3)


def test_some_found_gives_the_exact_bound():
    theirs = stats.binomtest(2, 1000, alternative="less").proportion_ci(0.95, method="exact")
    assert upper_bound(2, 1000) == pytest.approx(theirs.high)


def test_a_straight_line_has_its_slope_and_no_width():
    x = np.arange(20.0)
    found = slope(x, 3 * x + 1)
    assert found.value == pytest.approx(3)
    assert found.interval == pytest.approx((3, 3))


def test_the_interval_of_a_slope_follows_the_textbook():
    # Ordinary least squares by hand: slope 0.6, standard error sqrt(2.4 / 3 / 10), t(0.975, 3).
    found = slope(np.array([1.0, 2, 3, 4, 5]), np.array([2.0, 4, 5, 4, 5]))
    half = stats.t.ppf(0.975, 3) * (2.4 / 3 / 10) ** 0.5
    assert found.value == pytest.approx(0.6)
    assert found.interval == pytest.approx((0.6 - half, 0.6 + half))


def test_two_points_have_no_interval():
    with pytest.raises(ValueError, match="3 samples"):
        slope(np.array([1.0, 2.0]), np.array([1.0, 2.0]))
