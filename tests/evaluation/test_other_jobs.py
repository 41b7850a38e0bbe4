"""What is said of a job whose rules nobody knows, on a cluster that nobody can look into?"""

import msgspec
import pytest

from evaluation.evaluate import evaluate
from evaluation.history import load_history
from evaluation.judges.delivery import Delivery
from evaluation.judges.latency import Latency
from evaluation.thresholds import load_thresholds
from tests.evaluation.conftest import LATE, swipe_of


@pytest.fixture
def external(recording):
    """The honest recording, as another job's that writes decisions and alerts."""
    recording.job = {"complete": True, "external": True, "topics": ["decisions", "alerts"]}
    recording.without.add("expected.parquet")
    return recording


def judged(recording):
    return Delivery().judge(load_history(recording.write()), load_thresholds())


def figures(outcome):
    return {figure.name: figure.value for figure in outcome.result.figures}


def decide(recording, index):
    """Let the job decide a swipe that the honest recording has elsewhere."""
    swipe = swipe_of(index)
    decision = {
        "v": 1,
        "swipe_id": swipe.swipe_id,
        "card_token": swipe.card_token,
        "event_time_ms": swipe.event_time_ms,
        "fate": "judged",
        "score": 0.0,
        "action": "clear",
    }
    recording.emit("decisions", msgspec.json.encode(decision), due_ms=index * 10)


def test_a_swipe_that_goes_to_a_topic_the_job_does_not_write_is_missing(external):
    outcome = judged(external)
    assert outcome.result.verdict == "fail"
    assert figures(outcome)["missing"] == 1  # the late one
    assert outcome.result.reason == "1 swipes have no answer"


def test_a_late_swipe_answered_on_late_swipes_is_answered(external):
    external.job["topics"].append("late-swipes")
    outcome = judged(external)
    assert outcome.result.verdict == "pass", outcome.result.reason
    assert "unanswered" in outcome.result.reason
    # Of all that was sent, the unreadable one and the repeat are owed nothing.
    assert figures(outcome)["owed_answers"] == len(external.sends) - 2
    assert figures(outcome)["missing"] == figures(outcome)["repeated"] == 0


def test_parity_is_inconclusive_by_name_and_weighs_nothing(external):
    external.job["topics"].append("late-swipes")
    found = {figure.name: figure for figure in judged(external).result.figures}
    parity = ("different", "alerts_missing", "alerts_repeated", "alerts_different")
    for name in (*parity, "ledger_wrong"):
        assert found[name].value is None
        assert found[name].verdict == "inconclusive"
        assert found[name].note == "another job: nobody knows what it should decide"


def test_a_job_may_pass_over_a_repeat(external):
    external.job["topics"].append("late-swipes")
    repeats = [
        i
        for i, r in enumerate(external.rows("decisions", "committed"))
        if b'"repeat"' in r["value"]
    ]
    external.drop("decisions", repeats[0], ("uncommitted", "committed"))
    assert judged(external).result.verdict == "pass"


def test_a_decision_given_twice_fails(external):
    external.job["topics"].append("late-swipes")
    row = external.rows("decisions", "committed")[50]
    external.emit("decisions", row["value"], row["partition"], 600)
    outcome = judged(external)
    assert outcome.result.verdict == "fail"
    assert figures(outcome)["repeated"] == 1


def test_a_decision_that_names_another_swipe_than_its_place_has_is_unexpected(external):
    external.job["topics"].append("late-swipes")
    row = external.rows("decisions", "committed")[50]
    decision = msgspec.json.decode(row["value"])
    external.change("decisions", 50, msgspec.json.encode(decision | {"swipe_id": "s9999"}))
    outcome = judged(external)
    assert outcome.result.verdict == "fail"
    assert figures(outcome)["unexpected"] == 1


def test_a_decision_on_a_swipe_that_nobody_sent_is_unexpected(external):
    external.job["topics"].append("late-swipes")
    decide(external, 10**6)
    assert figures(judged(external))["unexpected"] == 1


def test_a_job_that_names_no_position_is_joined_by_swipe_id(external):
    decide(external, LATE)
    outcome = judged(external)
    assert figures(outcome)["missing"] == 0


def test_what_is_missing_before_the_end_is_inconclusive(external):
    external.job["complete"] = False
    outcome = judged(external)
    assert outcome.result.verdict == "inconclusive"
    assert figures(outcome)["missing"] == 1


def test_alerts_alone_leave_delivery_latency_and_throughput_inconclusive(external):
    external.job["topics"] = ["alerts"]
    evaluation = evaluate(external.write())
    assert evaluation.verdict.value == "inconclusive"
    for name in ("delivery", "latency", "throughput"):
        result = evaluation.judge(name)
        assert result.verdict == "inconclusive"
        assert "decisions are not written by this job" in result.reason
    assert evaluation.judge("detection").figure("alerts").value > 0


def test_restarts_of_another_cluster_are_inconclusive_and_decide_nothing(external):
    external.job["topics"].append("late-swipes")
    evaluation = evaluate(external.write())
    stability = evaluation.judge("stability")
    assert (stability.verdict, stability.decides) == ("inconclusive", False)
    assert "another cluster" in stability.reason
    assert evaluation.problems == []  # that there is no oracle is no damage
    assert evaluation.verdict.value == "pass", evaluation.verdict.reason


def test_what_is_owed_no_answer_is_not_infinitely_late(external):
    external.job["topics"].append("late-swipes")
    history = load_history(external.write())
    found = figures(Latency().judge(history, load_thresholds()))
    assert found["committed_never_came"] == 0


def test_a_job_that_claims_our_rules_is_held_against_the_oracle(external):
    external.without.clear()
    external.change("decisions", 50, external.rows("decisions", "committed")[51]["value"])
    assert figures(judged(external))["missing"] >= 1
