import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.percentiles import Latencies


@given(
    st.lists(st.integers(1_000, 10_000_000_000), min_size=1, max_size=300),
    st.sampled_from([50.0, 90.0, 99.0, 99.9, 100.0]),
)
def test_a_percentile_is_the_value_of_its_rank_to_three_digits(latencies_ns, percentile):
    rank = max(1, math.ceil(percentile / 100 * len(latencies_ns) - 1e-9))
    exact_ms = sorted(latencies_ns)[rank - 1] / 1e6
    found_ms = Latencies(np.array(latencies_ns)).percentile_ms(percentile)
    assert found_ms == pytest.approx(exact_ms, rel=2e-3, abs=0.001)


def test_what_never_came_is_above_everything():
    latencies = Latencies(np.full(99, 5_000_000), missing=1)
    assert latencies.percentile_ms(99) == pytest.approx(5, rel=1e-3)
    assert latencies.percentile_ms(99.9) == math.inf
    assert latencies.max_ms == math.inf


def test_nothing_has_no_percentile():
    assert math.isnan(Latencies(np.empty(0, dtype=np.int64)).percentile_ms(50))


def test_where_nothing_came_even_the_fastest_is_endless():
    assert Latencies(np.empty(0, dtype=np.int64), missing=400).percentile_ms(0) == math.inf
