"""Does a gate open by its whole interval alone, and the whole by the rules of its profile?"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.gates.gate import by_interval
from evaluation.gates.results import read_result, write_result
from evaluation.intervals import Interval

NUMBERS = st.floats(-1e6, 1e6)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_gate_passes_with_all_of_its_interval_within_and_fails_with_all_beyond(
    one: float, other: float, threshold: float
) -> None:
    interval = Interval(min(one, other), max(one, other))
    verdict = by_interval(interval, threshold)
    within = [end <= threshold for end in interval]
    assert verdict == ("pass" if all(within) else "inconclusive" if any(within) else "fail")


@given(NUMBERS, NUMBERS, NUMBERS)
def test_at_least_is_at_most_mirrored(one: float, other: float, threshold: float) -> None:
    low, high = min(one, other), max(one, other)
    mirrored = by_interval(Interval(-high, -low), -threshold)
    assert by_interval(Interval(low, high), threshold, "at_least") == mirrored


def test_what_is_no_number_decides_nothing() -> None:
    assert by_interval(Interval(float("nan"), 1.0), 5.0) == "inconclusive"


def test_what_has_no_end_is_beyond() -> None:
    assert by_interval(Interval(float("inf"), float("inf")), 100.0) == "fail"


@pytest.mark.parametrize(
    ("verdicts", "blocks", "value", "code"),
    [
        ({"promise": "pass", "relative": "pass"}, "promises", "pass", 0),
        ({"promise": "pass", "relative": "inconclusive"}, "promises", "pass", 0),
        ({"promise": "pass", "relative": "inconclusive"}, "all", "inconclusive", 3),
        ({"promise": "inconclusive", "relative": "pass"}, "promises", "inconclusive", 3),
        ({"promise": "inconclusive", "relative": "fail"}, "promises", "fail", 1),
        ({"promise": "fail", "relative": "pass"}, "all", "fail", 1),
        ({"relative": "inconclusive"}, "promises", "inconclusive", 3),
        ({}, "promises", "inconclusive", 3),
    ],
)
def test_the_whole(
    verdicts: dict[str, str], blocks: str, value: str, code: int, make_gate: Any, make_result: Any
) -> None:
    gates = [make_gate(kind, kind=kind, verdict=each) for kind, each in verdicts.items()]
    result = make_result(*gates, blocks=blocks)
    assert (result.verdict.value, result.exit_code) == (value, code)
    for name, each in verdicts.items():
        # Whatever did not pass is named, were it only reported.
        assert each == "pass" or value == "fail" or name in result.verdict.reason or value != "pass"


def test_a_result_reads_back_as_it_was_written(
    tmp_path: Any, make_gate: Any, make_result: Any
) -> None:
    result = make_result(make_gate(value="infinite", low=3.0, high="infinite", verdict="fail"))
    write_result(result, tmp_path)
    assert read_result(tmp_path) == result
