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


@given(
    st.lists(st.integers(-1000, 1000), min_size=3, max_size=30).filter(lambda y: len(set(y)) > 1)
)
def test_a_slope_agrees_with_scipy(y):
    x = np.arange(len(y), dtype=float) / 2
    theirs = stats.linregress(x, y)
    half = stats.t.ppf(0.975, len(y) - 2) * theirs.stderr
    found = slope(x, np.array(y, dtype=float))
    assert found.value == pytest.approx(theirs.slope, abs=1e-9)
    # scipy takes the error from 1 - r**2, which loses digits where the points lie on a line.
    assert found.interval.high - found.value == pytest.approx(half, rel=1e-6, abs=1e-3)


def test_a_backlog_that_stands_still_has_slope_zero():
    assert slope(np.arange(5.0), np.zeros(5)) == (0.0, (0.0, 0.0))


def test_samples_at_one_x_have_no_slope():
    with pytest.raises(ValueError, match="different x"):
        slope(np.ones(5), np.arange(5.0))


def test_two_points_have_no_interval():
    with pytest.raises(ValueError, match="3 samples"):
        slope(np.array([1.0, 2.0]), np.array([1.0, 2.0]))
