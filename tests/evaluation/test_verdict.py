import pytest

from evaluation.verdict import (
    EXIT_CODES,
    Figure,
    JudgeResult,
    Verdict,
    combine,
    number,
    worst,
)

HELD = Verdict("pass", "all held")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["pass", "pass"], "pass"),
        (["pass", "inconclusive"], "inconclusive"),
        (["inconclusive", "fail"], "fail"),
        (["fail", "inconclusive", "pass"], "fail"),
    ],
)
def test_fail_beats_inconclusive_beats_pass(values, expected):
    assert worst([Verdict(value, value) for value in values], HELD).value == expected


def test_reasons_of_the_worst_value_are_all_given_once():
    verdicts = [Verdict("fail", "a"), Verdict("fail", "b"), Verdict("fail", "a")]
    assert worst(verdicts, HELD).reason == "a; b"


def test_exit_codes_leave_two_to_wrong_usage():
    assert EXIT_CODES == {"pass": 0, "fail": 1, "inconclusive": 3}


def test_a_judge_that_does_not_decide_does_not_count():
    results = [
        JudgeResult("delivery", "pass", "held"),
        JudgeResult("detection", "fail", "missed", decides=False),
    ]
    assert combine(results).value == "pass"


def test_no_judge_that_decides_is_inconclusive():
    assert combine([JudgeResult("x", "pass", "", decides=False)]).value == "inconclusive"


def test_a_latency_without_end_can_be_written_as_json():
    assert Figure("p99", number(float("inf")), "ms").value == "infinite"
