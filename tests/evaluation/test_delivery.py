"""Each fault of delivery is noticed by this judge, and an honest run is not accused."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluation.history import load_history
from evaluation.judges.delivery import Delivery
from evaluation.thresholds import load_thresholds
from job.contracts import DeadLetter, Decision

BOTH = ("uncommitted", "committed")
THRESHOLDS = load_thresholds()


@pytest.fixture
def small(record):
    return record(60)


def judged(recording):
    return Delivery().judge(load_history(recording.write()), THRESHOLDS)


def figures(outcome):
    return {figure.name: figure.value for figure in outcome.result.figures}


def faults(outcome, kind):
    rows = outcome.tables["delivery_faults"].to_pylist()
    return [row for row in rows if row["kind"] == kind]


def decision(row, **changes):
    return msgspec.json.encode(
        msgspec.structs.replace(msgspec.json.decode(row["value"], type=Decision), **changes)
    )


def test_an_honest_run_passes(small):
    outcome = judged(small)
    assert outcome.result.verdict == "pass", outcome.result.reason
    found = figures(outcome)
    assert found["expected_outputs"] == 60
    assert (found["missing"], found["repeated"], found["unexpected"], found["different"]) == (
        0,
    ) * 4
    assert found["phantoms"] == 0


def test_every_swipe_has_one_fate_and_they_add_up(small):
    found = figures(judged(small))
    fates = [found[f"fate_{name}"] for name in ("judged", "repeat", "late-swipes", "dead-letters")]
    assert fates == [57, 1, 1, 1]
    assert sum(fates) == found["sent"] == 60
    assert found["clock_records"] == 2


def test_none_missing_says_how_sure_that_is(small):
    note = judged(small).result.figure("missing").note
    assert note == "0 of 60; the true share is below 5.0e-02 (95%)"


@pytest.mark.parametrize("topic", ["decisions", "late-swipes", "dead-letters", "alerts"])
def test_a_dropped_output_is_missing(small, topic):
    small.drop(topic, 0, BOTH)
    outcome = judged(small)
    assert outcome.result.verdict == "fail"
    assert figures(outcome)["alerts_missing" if topic == "alerts" else "missing"] == 1
    assert len(faults(outcome, "missing")) == 1


def test_a_repeated_decision_is_noticed_with_its_position(small):
    row = small.rows("decisions", "committed")[12]
    small.emit("decisions", row["value"], row["partition"])
    outcome = judged(small)
    assert outcome.result.verdict == "fail"
    assert figures(outcome)["repeated"] == 1
    twice = msgspec.json.decode(row["value"], type=Decision)
    assert faults(outcome, "repeated")[0]["source_offset"] == twice.offset


def test_a_repeated_alert_is_noticed_by_its_id(small):
    small.emit("alerts", small.rows("alerts", "committed")[0]["value"])
    outcome = judged(small)
    assert figures(outcome)["alerts_repeated"] == 1
    assert outcome.result.verdict == "fail"


def test_a_repeat_only_uncommitted_readers_saw_is_reported_and_is_a_phantom(small):
    row = small.rows("decisions", "committed")[12]
    small.emit("decisions", row["value"], row["partition"], views=("uncommitted",))
    outcome = judged(small)
    assert outcome.result.verdict == "pass"
    assert figures(outcome)["uncommitted_repeated"] == 1
    assert figures(outcome)["phantoms"] == 1


def test_a_changed_decision_is_different(small):
    row = small.rows("decisions", "committed")[3]
    small.change("decisions", 3, decision(row, action="block", score=0.9))
    outcome = judged(small)
    assert outcome.result.verdict == "fail"
    assert figures(outcome)["different"] == 1
    assert '"block"' in faults(outcome, "different")[0]["detail"]


def test_a_changed_card_alert_is_different(small):
    row = next(r for r in small.rows("alerts", "committed") if b'"card"' in r["value"])
    index = small.rows("alerts", "committed").index(row)
    small.change("alerts", index, row["value"].replace(b'"review"', b'"block"'))
    assert figures(judged(small))["alerts_different"] == 1


def test_an_alert_across_cards_may_be_tipped_by_another_swipe(small):
    index, row = next(
        (i, r) for i, r in enumerate(small.rows("alerts", "committed")) if b'"bin"' in r["value"]
    )
    small.change("alerts", index, row["value"].replace(b'"s30"', b'"s31"'))
    assert judged(small).result.verdict == "pass"


def test_an_alert_across_cards_of_another_window_is_missing_and_unexpected(small):
    index, row = next(
        (i, r) for i, r in enumerate(small.rows("alerts", "committed")) if b'"bin"' in r["value"]
    )
    moved = row["value"].replace(b'"window_start_ms":17', b'"window_start_ms":16')
    small.change("alerts", index, moved)
    found = figures(judged(small))
    assert (found["alerts_missing"], found["alerts_unexpected"]) == (1, 1)


def test_a_swipe_with_another_fate_than_expected_is_different(small):
    small.drop("late-swipes", 0, BOTH)
    late = next(row for row in small.expected if row["topic"] == "late-swipes")
    wrong = Decision(
        v=1, swipe_id="s7", card_token="card2", event_time_ms=1, fate="judged", score=0.0,
        action="clear", partition=late["partition"], offset=late["offset"],
    )  # fmt: skip
    small.emit("decisions", msgspec.json.encode(wrong), 0)
    assert figures(judged(small))["different"] == 1


def test_fields_in_another_order_are_the_same_decision(small):
    row = small.rows("decisions", "committed")[3]
    backwards = dict(reversed(list(msgspec.json.decode(row["value"]).items())))
    small.change("decisions", 3, msgspec.json.encode(backwards))
    assert judged(small).result.verdict == "pass"


def test_an_output_on_a_record_never_sent_is_unexpected(small):
    row = small.rows("decisions", "committed")[3]
    small.emit("decisions", decision(row, offset=900), 0)
    found = figures(judged(small))
    assert found["unexpected"] == 1
    assert found["fates_broken"] == 1


def test_decisions_of_a_card_that_change_places_are_out_of_order(small):
    rows = [r for r in small.rows("decisions") if b'"card1"' in r["value"]]
    first, second = rows[0]["offset"], rows[2]["offset"]
    for row in rows:
        if row["offset"] in (first, second):
            row["offset"] = first + second - row["offset"]
    outcome = judged(small)
    assert figures(outcome)["out_of_order"] == 1
    assert figures(outcome)["missing"] == 0
    assert outcome.result.verdict == "fail"


def test_decisions_of_different_cards_may_change_places(small):
    rows = small.rows("decisions")
    a = next(r for r in rows if b'"card0"' in r["value"])["offset"]
    b = next(r for r in rows if b'"card2"' in r["value"])["offset"]
    for row in rows:
        if row["partition"] == 0 and row["offset"] in (a, b):
            row["offset"] = a + b - row["offset"]
    assert figures(judged(small))["out_of_order"] == 0


def test_a_record_nobody_committed_is_missing_and_a_phantom(small):
    small.drop("decisions", 5, ("committed",))
    found = figures(judged(small))
    assert (found["missing"], found["phantoms"], found["uncommitted_missing"]) == (1, 1, 0)


def test_a_rule_that_raised_fails(small):
    row = small.rows("decisions", "committed")[3]
    small.change("decisions", 3, decision(row, rule_errors=["velocity"]))
    outcome = judged(small)
    assert outcome.result.verdict == "fail"
    assert "rules raised on 1 decisions: velocity" in outcome.result.reason


def test_a_damaged_output_is_counted_and_fails(small):
    small.change("decisions", 3, b"\xff{")
    found = figures(judged(small))
    assert (found["damaged"], found["missing"]) == (1, 1)


def test_what_is_missing_from_a_run_cut_short_is_inconclusive(small):
    small.job["complete"] = False
    small.drop("decisions", 5, BOTH)
    outcome = judged(small)
    assert outcome.result.verdict == "inconclusive"
    assert "before its outputs were complete" in outcome.result.reason


def test_a_run_that_proves_nothing_says_why(small):
    because = "kafka_kill was not brought about: the sending ended before its moment came"
    small.job["proves_nothing_because"] = because
    outcome = judged(small)
    assert (outcome.result.verdict, outcome.result.reason) == ("inconclusive", because)


def test_a_run_cut_short_says_by_what(small):
    small.job |= {"complete": False, "incomplete_because": "the job is FAILED"}
    assert judged(small).result.reason.endswith("were complete: the job is FAILED")


def test_what_is_lost_in_a_run_that_proves_nothing_is_lost_all_the_same(small):
    small.job["proves_nothing_because"] = "95 records stood in the open transaction"
    small.drop("decisions", 5, BOTH)
    assert judged(small).result.verdict == "fail"


def test_what_is_repeated_in_a_run_cut_short_still_fails(small):
    small.job["complete"] = False
    small.emit("decisions", small.rows("decisions", "committed")[0]["value"], 0)
    assert judged(small).result.verdict == "fail"


def test_a_send_that_failed_is_inconclusive(small):
    small.sends.append(small.sends[-1] | {"index": 60, "delivered_ns": 0, "error": "timed out"})
    outcome = judged(small)
    assert outcome.result.verdict == "inconclusive"
    assert "1 records could not be sent" in outcome.result.reason


def test_a_topic_that_is_not_what_was_sent_is_inconclusive(small):
    small.sends.append(small.sends[-1] | {"index": 60, "offset": 999})
    outcome = judged(small)
    assert outcome.result.verdict == "inconclusive"
    assert "1 delivered records are not on it" in outcome.result.reason


@pytest.mark.parametrize("file", ["expected.parquet", "sent.parquet", "sends.parquet", "job.json"])
def test_a_file_that_was_not_recorded_is_inconclusive_by_name(small, file):
    small.without.add(file)
    outcome = judged(small)
    assert outcome.result.verdict == "inconclusive"
    assert file in outcome.result.reason


def test_no_output_recorded_at_all_is_inconclusive(small):
    small.without.add("observed.parquet")
    outcome = judged(small)
    assert outcome.result.verdict == "inconclusive"
    assert "decisions are not written by this job, or were not recorded" in outcome.result.reason


def test_a_job_that_wrote_nothing_fails(small):
    small.observed.clear()
    outcome = judged(small)
    assert outcome.result.verdict == "fail"
    assert figures(outcome)["missing"] == 60


class TestAJobOfSomebodyElse:
    def test_decisions_without_a_source_position_are_joined_by_swipe_id(self, small):
        small.job["external"] = True
        for row in small.rows("decisions"):
            fields = msgspec.json.decode(row["value"])
            kept = {n: fields[n] for n in ("swipe_id", "card_token", "fate", "score", "action")}
            row["value"] = msgspec.json.encode(kept)
        outcome = judged(small)
        assert outcome.result.verdict == "pass", outcome.result.reason
        assert figures(outcome)["outside_contract"] == 58

    def test_a_decision_without_a_position_that_says_something_else_is_different(self, small):
        row = small.rows("decisions", "committed")[3]
        fields = msgspec.json.decode(row["value"])
        wrong = {"swipe_id": fields["swipe_id"], "action": "block"}
        small.change("decisions", 3, msgspec.json.encode(wrong))
        assert figures(judged(small))["different"] == 1

    def test_topics_it_does_not_write_are_inconclusive_by_name(self, small):
        small.job["topics"] = ["decisions", "alerts"]
        small.observed = small.rows("decisions") + small.rows("alerts")
        outcome = judged(small)
        assert outcome.result.verdict == "inconclusive"
        assert "late-swipes are not written by this job" in outcome.result.reason
        assert figures(outcome)["missing"] == 0


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.randoms(use_true_random=False))
def test_the_order_of_receipt_changes_nothing(record, rng):
    honest = record(40)
    honest.emit("decisions", honest.rows("decisions", "committed")[5]["value"], 0)
    before = figures(judged(honest))
    rng.shuffle(honest.observed)
    times = [row["received_ns"] for row in honest.observed]
    rng.shuffle(times)
    for row, received_ns in zip(honest.observed, times, strict=True):
        row["received_ns"] = received_ns
    assert figures(judged(honest)) == before


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    dropped=st.sets(st.integers(0, 30), max_size=6), doubled=st.sets(st.integers(0, 30), max_size=6)
)
def test_conservation_holds_whatever_is_lost_or_repeated(record, dropped, doubled):
    broken = record(40)
    rows = broken.rows("decisions", "committed")
    for index in doubled:
        broken.emit("decisions", rows[index]["value"], rows[index]["partition"])
    lost = [(rows[i]["partition"], rows[i]["offset"]) for i in dropped - doubled]
    broken.observed = [
        row
        for row in broken.observed
        if row["topic"] != "decisions" or (row["partition"], row["offset"]) not in lost
    ]
    found = figures(judged(broken))
    written = sum(found[f"fate_{n}"] for n in ("judged", "repeat", "late-swipes", "dead-letters"))
    assert found["sent"] == written + found["missing"] - found["repeated"]
    assert found["missing"] == len(dropped - doubled)
    assert found["repeated"] == len(doubled)


@pytest.mark.parametrize("field", ["fate", "score", "action"])
def test_decisions_that_leave_out_what_they_decided_are_inconclusive(small, field):
    for index, row in enumerate(small.rows("decisions", "committed")):
        said = msgspec.json.decode(row["value"])
        del said[field]
        small.change("decisions", index, msgspec.json.encode(said))
    outcome = judged(small)
    assert outcome.result.verdict == "inconclusive"
    assert f"decisions do not say their {field}" in outcome.result.reason


def test_a_committed_decision_on_a_swipe_that_nobody_sent_is_noticed(small):
    row = small.rows("decisions", "committed")[3]
    said = msgspec.json.decode(row["value"])
    del said["partition"], said["offset"]
    said["swipe_id"] = "nobody-sent-this"
    small.emit("decisions", msgspec.json.encode(said), row["partition"])
    outcome = judged(small)
    assert outcome.result.verdict == "fail"
    assert figures(outcome)["strays"] == 1
    assert "1 on decisions" in outcome.result.reason


def profile_letter(key="card-9"):
    return msgspec.json.encode(
        DeadLetter(
            v=1,
            reason="contract",
            detail="no profile",
            topic="run-1.card-profiles",
            partition=0,
            offset=7,
            key=key,
            payload_base64="",
        )
    )


def test_a_dead_letter_of_a_profile_that_was_fine_is_noticed(small):
    small.emit("dead-letters", profile_letter(), 0)
    outcome = judged(small)
    assert outcome.result.verdict == "fail"
    assert figures(outcome)["profile_letters"] == 1


def test_a_refused_profile_without_its_dead_letter_is_noticed(small):
    small.expected.append(
        {
            "topic": "dead-letters",
            "key": "card-9",
            "partition": -1,
            "offset": -1,
            "value": profile_letter(),
        }
    )
    outcome = judged(small)
    assert outcome.result.verdict == "fail"
    assert figures(outcome)["profile_letters"] == 1
