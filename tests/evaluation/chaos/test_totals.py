"""How many outputs a series checked, and what that proves."""

import pytest

from evaluation.chaos.results import HARMS, PREFIXES, FaultOutcome
from evaluation.chaos.totals import totals
from evaluation.fault_record import FaultRecord

NONE = dict.fromkeys(HARMS, 0)
ALL_NONE = dict.fromkeys((f"{prefix}{harm}" for prefix in PREFIXES for harm in HARMS), 0)


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
    assert found[:4] == (2, 0, 2_000, 0)
    assert found.share_below == pytest.approx(3 / 2_000)
    assert found.sentence.startswith(
        "0 of 2,000 outputs lost, repeated, unexpected or different in 2 runs: "
        "the true share is below 0.0015 with 95% confidence (3/n); "
    )


@pytest.mark.parametrize("harm", [name for name in ALL_NONE if name not in NONE])
def test_an_alert_or_a_window_that_came_to_harm_is_harm(harm):
    whole = {"counts": ALL_NONE, "expected_alerts": 30, "expected_windows": 20}
    harmed = outcome("b", verdict="fail", **whole | {"counts": ALL_NONE | {harm: 1}})
    found = totals([outcome("a", **whole), harmed])
    assert (found.outputs, found.harmed, found.harmed_runs) == (2_100, 1, 1)
    assert found.sentence.startswith("1 of 2,100 outputs")
    assert "2,000 decisions, late swipes and dead letters, 60 alerts and 40 win" in found.sentence


def test_alerts_and_windows_that_nobody_counted_are_said_not_to_be_counted():
    counted = outcome("b", counts=ALL_NONE, expected_alerts=30, expected_windows=20)
    found = totals([outcome("a"), counted])
    assert (found.outputs, found.alerts, found.windows) == (2_050, 30, 20)
    assert "30 alerts (not counted in 1 run) and 20 windows (not counted in 1 run)" in (
        found.sentence
    )


def test_runs_bound_the_share_of_runs_since_outputs_of_one_are_no_trials_of_their_own():
    found = totals([outcome(str(number)) for number in range(30)])
    assert found.runs_below == pytest.approx(0.1)
    assert (
        "by run, as those of one are not independent, 0 of 30 harmed in any way: below 0.1 (3/runs)"
        in (found.sentence)
    )
    few = totals([outcome("a"), outcome("b"), outcome("c")])
    assert "0 of 3 harmed, which bounds nothing" in few.sentence


def test_the_faults_of_one_run_share_its_outputs():
    assert totals([outcome("a"), outcome("a"), outcome("a")])[:4] == (1, 0, 1_000, 0)


def test_harm_of_each_kind_is_added_up_and_bounds_the_share_from_above():
    counts = {"missing": 1, "repeated": 2, "unexpected": 3, "different": 4}
    harmed = outcome("b", verdict="fail", counts=counts)
    found = totals([outcome("a"), harmed, harmed])
    assert found[:4] == (2, 0, 2_000, 10)
    assert 10 / 2_000 < found.share_below < 18 / 2_000
    assert "3/n" not in found.sentence


@pytest.mark.parametrize(
    "changes",
    [
        {"counts": {}, "expected": 0},
        {"counts": {"missing": 0, "repeated": 0, "unexpected": 0}},
        {"verdict": "inconclusive", "counts": NONE | {"missing": 7}},
    ],
)
def test_what_is_unknown_is_not_nothing(changes):
    found = totals([outcome("a"), outcome("", **changes), outcome("", **changes)])
    assert found[:4] == (1, 2, 1_000, 0)
    assert "in 1 run, and 2 that prove nothing" in found.sentence


def test_nothing_checked_bounds_nothing():
    assert totals([]).share_below is None
    assert "below" not in totals([outcome("", counts={}, expected=0)]).sentence


def test_the_control_is_not_counted_among_the_unharmed():
    control = outcome("b", guarantee="at-least-once", counts=NONE | {"repeated": 9})
    assert totals([outcome("a"), control])[:4] == (1, 0, 1_000, 0)


def test_the_headline_says_of_how_many_cards_the_ledger_could_show_a_lost_update():
    cards = {"ledger_cards": 900, "ledger_cards_again": 21}
    right = outcome("a", counts=NONE | {"ledger_wrong": 0}, **cards)
    wrong = outcome("b", verdict="fail", counts=NONE | {"ledger_wrong": 2}, **cards)
    assert totals([right, wrong, wrong]).sentence.endswith(
        "the ledger is wrong for 2 of 1,800 cards, 42 of which swiped again"
    )
    assert totals([right]).sentence.endswith(
        "21 of which swiped again, where alone a lost update shows: of these below 0.14 (3/n)"
    )
    assert totals([outcome("a")]).sentence.endswith("the ledger was not checked")


@pytest.mark.parametrize("name", ["ledger_wrong", "out_of_order", "fates_broken"])
def test_a_run_whose_outputs_are_whole_and_that_is_wrong_otherwise_is_harmed(name):
    runs = [outcome(str(number)) for number in range(49)]
    wrong = outcome("wrong", verdict="fail", counts=NONE | {name: 300})
    found = totals([*runs, wrong])
    assert (found.harmed, found.harmed_runs) == (0, 1)
    assert "3/runs" not in found.sentence


def test_outputs_of_floods_are_named_since_nothing_was_broken_there():
    flood = outcome("b", record=FaultRecord(fault="late_flood", may_restart=False))
    found = totals([outcome("a"), flood])
    assert found.flooded == 1_000
    assert "(1,000 of all in floods, where nothing dies)" in found.sentence
