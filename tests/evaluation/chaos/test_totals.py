"""How many outputs a series checked, and what that proves."""

import pytest

from evaluation.chaos.results import FaultOutcome
from evaluation.chaos.totals import totals
from evaluation.fault_record import FaultRecord

NONE = dict.fromkeys(("missing", "repeated", "unexpected"), 0)


def outcome(run_id, **changes):
    known = {
        "fault": "kafka_kill",
        "run_id": run_id,
        "verdict": "pass",
        "reason": "held",
        "record": FaultRecord(fault="kafka_kill"),
        "expected": 1_000,
        "counts": NONE,
        "times_ms": {},
    }
    return FaultOutcome(**(known | changes))


def test_none_of_many_bounds_the_share_by_three_over_n():
    found = totals([outcome("a"), outcome("b")])
    assert found == (2, 0, 2_000, 0)
    assert found.share_below == pytest.approx(3 / 2_000)
    assert found.sentence == (
        "0 of 2,000 outputs lost, repeated or unexpected in 2 runs: "
        "the true share is below 0.0015 with 95% confidence (3/n)"
    )


def test_the_faults_of_one_run_share_its_outputs():
    assert totals([outcome("a"), outcome("a"), outcome("a")]) == (1, 0, 1_000, 0)


def test_harm_of_each_kind_is_added_up_and_bounds_the_share_from_above():
    harmed = outcome("b", verdict="fail", counts={"missing": 1, "repeated": 2, "unexpected": 3})
    found = totals([outcome("a"), harmed, harmed])
    assert found == (2, 0, 2_000, 6)
    assert 6 / 2_000 < found.share_below < 14 / 2_000
    assert "3/n" not in found.sentence


@pytest.mark.parametrize(
    "changes",
    [
        {"counts": {}, "expected": 0},
        {"counts": {"missing": 0, "repeated": 0}},
        {"verdict": "inconclusive", "counts": NONE | {"missing": 7}},
    ],
)
def test_what_is_unknown_is_not_nothing(changes):
    found = totals([outcome("a"), outcome("", **changes), outcome("", **changes)])
    assert found == (1, 2, 1_000, 0)
    assert "in 1 run, and 2 that prove nothing" in found.sentence


def test_nothing_checked_bounds_nothing():
    assert totals([]).share_below is None
    assert "below" not in totals([outcome("", counts={}, expected=0)]).sentence


def test_the_control_is_not_counted_among_the_unharmed():
    control = outcome("b", guarantee="at-least-once", counts=NONE | {"repeated": 9})
    assert totals([outcome("a"), control]) == (1, 0, 1_000, 0)
