"""Attribution by hand-made timelines; one incident of three fraudulent swipes on card `c`.

time     0        100     200     300              300 + 24 h
card c   genuine  fraud   fraud   fraud
         g0       f1      f2      f3      genuine g4 at 400
                  |---------- an alert credits ----------|
"""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.attribution import CREDIT_AFTER_MS, FALSE, RIGHT_CARD, TRUE, attribute
from evaluation.cases import count_cases
from evaluation.decoding import LooseAlert, LooseFinding
from evaluation.detection_tables import by_rule, by_scenario
from evaluation.judges.detection import judge_alerts
from evaluation.thresholds import DetectionThresholds

FEW = DetectionThresholds(incidents=1)


def swipe(swipe_id, card, at_ms, incident=None, fraud=False, role=None, **more):
    return {
        "swipe_id": swipe_id,
        "card_token": card,
        "event_time_ms": at_ms,
        "amount_minor": 1000,
        "approved": True,
        "is_fraud": fraud,
        "scenario": "geo_jump" if fraud else "ordinary",
        "role": role or ("attack" if fraud else "ordinary"),
        "incident_id": incident,
        "difficulty": None,
        "merchant_id": "m1",
        "bin": "400000",
        "device_id": None,
    } | more


def incident(name, first_ms, last_ms, role="attack", **more):
    return {
        "incident_id": name,
        "scenario": "geo_jump",
        "role": role,
        "difficulty": "medium",
        "entity_type": "card",
        "entity_id": "c",
        "first_event_time_ms": first_ms,
        "last_event_time_ms": last_ms,
        "swipe_count": 3,
        "amount_minor": 3000,
    } | more


SWIPES = [
    swipe("g0", "c", 0),
    swipe("f1", "c", 100, "i1", fraud=True),
    swipe("f2", "c", 200, "i1", fraud=True, approved=False),
    swipe("f3", "c", 300, "i1", fraud=True),
    swipe("g4", "c", 400),
    swipe("o1", "d", 150),
    swipe("o2", "d", 250),
]
INCIDENTS = [incident("i1", 100, 300)]


def alert(swipe_id, at_ms, card="c", rules=("velocity",), **more):
    return LooseAlert(
        entity_id=card,
        swipe_id=swipe_id,
        event_time_ms=at_ms,
        findings=[LooseFinding(rule) for rule in rules],
        **more,
    )


def attributed(*alerts, swipes=SWIPES, incidents=INCIDENTS):
    return attribute(alerts, pa.Table.from_pylist(swipes), _incidents(incidents))


def _incidents(rows):
    empty = {name: pa.array([], pa.string()) for name in incident("x", 0, 0)}
    for name in ("first_event_time_ms", "last_event_time_ms", "swipe_count", "amount_minor"):
        empty[name] = pa.array([], pa.int64())
    return pa.Table.from_pylist(rows) if rows else pa.table(empty)


def kinds(found):
    return found.alerts.column("kind").to_pylist()


def judged(*alerts, swipes=SWIPES, incidents=INCIDENTS, bounds=FEW):
    outcome = judge_alerts(alerts, [], pa.Table.from_pylist(swipes), _incidents(incidents), bounds)
    return outcome.result


def figures(result):
    return {figure.name: figure.value for figure in result.figures}


class TestAttribution:
    def test_an_alert_on_a_fraudulent_swipe_is_true_and_credits(self):
        found = attributed(alert("f2", 200))
        assert kinds(found) == [TRUE]
        assert found.alerts.column("incident_id").to_pylist() == ["i1"]

    def test_a_genuine_swipe_of_the_attacked_card_is_right_card_wrong_swipe_and_credits(self):
        found = attributed(alert("g4", 400))
        assert kinds(found) == [RIGHT_CARD]
        assert found.attacks.column("caught").to_pylist() == [True]

    def test_the_same_card_before_the_first_fraudulent_swipe_is_false(self):
        found = attributed(alert("g0", 0))
        assert kinds(found) == [FALSE]
        assert found.attacks.column("caught").to_pylist() == [False]

    @pytest.mark.parametrize(("after_ms", "kind"), [(0, RIGHT_CARD), (1, FALSE)])
    def test_credit_ends_24_hours_after_the_last_fraudulent_swipe(self, after_ms, kind):
        assert kinds(attributed(alert("g4", 300 + CREDIT_AFTER_MS + after_ms))) == [kind]

    def test_another_card_is_false(self):
        assert kinds(attributed(alert("o1", 150, card="d"))) == [FALSE]

    def test_the_same_alert_again_counts_once(self):
        assert kinds(attributed(alert("f2", 200), alert("f2", 200))) == [TRUE]

    def test_of_two_incidents_the_one_of_the_swipe_is_credited(self):
        swipes = [*SWIPES, swipe("h1", "c", 350, "i2", fraud=True)]
        two = [*INCIDENTS, incident("i2", 350, 350)]
        found = attributed(alert("f3", 360), swipes=swipes, incidents=two)
        assert found.alerts.column("incident_id").to_pylist() == ["i1"]

    def test_of_two_incidents_a_genuine_swipe_credits_the_one_that_began_last(self):
        swipes = [*SWIPES, swipe("h1", "c", 350, "i2", fraud=True)]
        two = [*INCIDENTS, incident("i2", 350, 350)]
        found = attributed(alert("g4", 400), swipes=swipes, incidents=two)
        assert found.alerts.column("incident_id").to_pylist() == ["i2"]

    def test_an_alert_on_a_bin_at_a_merchant_credits_the_attack_on_it(self):
        attack = [incident("i1", 100, 300, entity_type="bin", entity_id="400000")]
        on_bin = alert("f3", 300, card="400000|m1", entity_type="bin", window_start_ms=0)
        elsewhere = alert("f3", 300, card="400000|m2", entity_type="bin", window_start_ms=0)
        assert kinds(attributed(on_bin, elsewhere, incidents=attack)) == [TRUE, FALSE]

    def test_an_alert_on_a_device_credits_the_attack_that_came_from_it(self):
        swipes = [
            *(each for each in SWIPES if each["swipe_id"] not in ("f3", "o1")),
            swipe("f3", "c", 300, "i1", fraud=True, device_id="thief"),
            swipe("o1", "o", 310, device_id="family"),
        ]
        right = alert("f3", 300, card="thief", entity_type="device", window_start_ms=0)
        wrong = alert("o1", 310, card="family", entity_type="device", window_start_ms=0)
        assert kinds(attributed(right, wrong, swipes=swipes)) == [TRUE, FALSE]

    def test_an_alert_on_a_look_alike_is_false(self):
        swipes = [*SWIPES, swipe("t1", "d", 260, "l1", role="look_alike")]
        both = [*INCIDENTS, incident("l1", 260, 260, role="look_alike", scenario="legit_travel")]
        found = attributed(alert("t1", 260, card="d"), swipes=swipes, incidents=both)
        assert kinds(found) == [FALSE]
        rows = by_scenario(found, pa.Table.from_pylist(swipes), _incidents(both)).to_pylist()
        travel = next(row for row in rows if row["scenario"] == "legit_travel")
        assert (travel["incidents"], travel["alerted"]) == (1, 1)

    @settings(max_examples=30, deadline=None)
    @given(
        st.lists(
            st.tuples(st.sampled_from(["f1", "f3", "g4", "h1", "o1"]), st.integers(0, 900)),
            max_size=12,
        )
    )
    def test_no_alert_is_credited_twice(self, raised):
        swipes = [*SWIPES, swipe("h1", "c", 350, "i2", fraud=True)]
        two = [*INCIDENTS, incident("i2", 350, 350)]
        found = attributed(*(alert(s, at) for s, at in raised), swipes=swipes, incidents=two)
        once = {s for s, _ in raised}
        assert len(found.alerts) == len(once)
        credited = [i for i in found.alerts.column("incident_id").to_pylist() if i is not None]
        assert sum(found.attacks.column("alerts").to_pylist()) == len(credited) <= len(once)


class TestDelay:
    def test_delay_counts_swipes_and_approved_money_before_the_first_alert(self):
        row = attributed(alert("g4", 400), alert("f3", 300)).attacks.to_pylist()[0]
        assert (row["delay_swipes"], row["lost_minor"]) == (2, 1000)  # f2 was declined
        assert (row["alerts"], row["first_alert_ms"]) == (2, 300)

    def test_an_alert_on_the_first_swipe_loses_nothing(self):
        row = attributed(alert("f1", 100)).attacks.to_pylist()[0]
        assert (row["delay_swipes"], row["lost_minor"]) == (0, 0)

    def test_an_attack_nobody_saw_loses_everything(self):
        row = attributed().attacks.to_pylist()[0]
        assert (row["caught"], row["lost_minor"], row["at_stake_minor"]) == (False, 2000, 2000)


class TestFigures:
    def test_precision_and_recall_by_swipe_case_and_incident(self):
        found = figures(judged(alert("f2", 200), alert("g4", 400), alert("o1", 150, card="d")))
        assert found["incident_recall"] == 1
        assert found["swipe_recall"] == pytest.approx(1 / 3)
        assert found["swipe_precision"] == pytest.approx(1 / 3)
        assert found["alert_precision"] == pytest.approx(2 / 3)
        assert (found["cases"], found["case_precision"], found["case_recall"]) == (2, 0.5, 1)
        assert found["false_alerts_per_1000"] == pytest.approx(1000 / 7)

    def test_shares_carry_their_interval(self):
        note = judged(alert("f2", 200)).figure("incident_recall").note
        assert note == "1 of 1, 95% interval 0.207 to 1.000"

    def test_shuffled_labels_lose_what_was_caught(self):
        alerts = [alert("f1", 100), alert("f2", 200)]
        shuffled = [
            row | {"swipe_id": other["swipe_id"], "card_token": other["card_token"]}
            for row, other in zip(SWIPES, SWIPES[4:] + SWIPES[:4], strict=True)
        ]
        assert figures(judged(*alerts))["swipe_precision"] == 1
        assert figures(judged(*alerts, swipes=shuffled))["swipe_precision"] < 1

    def test_each_rule_has_its_row(self):
        found = attributed(
            alert("f2", 200, rules=("velocity", "impossible_travel")), alert("o1", 150, "d")
        )
        rows = {row["rule"]: row for row in by_rule(found, [], pa.table(_ids())).to_pylist()}
        assert (rows["velocity"]["alerts"], rows["velocity"]["alerts_false"]) == (2, 1)
        assert rows["impossible_travel"]["incidents_caught"] == 1

    def test_cases_are_counted_by_card_and_day(self):
        day = CREDIT_AFTER_MS
        labels = pa.Table.from_pylist(SWIPES)
        found = attributed(alert("f1", 100), alert("f2", 200), alert("x", 200 + day), alert("y", 0))
        counts = count_cases(found.alerts, labels)
        assert (counts.opened, counts.fraud, counts.fraud_caught) == (2, 1, 1)


def _ids():
    return {"swipe_id": ["f2", "o1"], "is_fraud": [True, False]}


class TestVerdict:
    def test_without_targets_enough_incidents_pass_as_measured(self):
        assert judged().verdict == "pass"
        assert judged().reason == "measured: 0 of 1 attacks caught"

    def test_too_few_incidents_are_inconclusive_by_scenario(self):
        result = judged(bounds=DetectionThresholds(incidents=2))
        assert result.verdict == "inconclusive"
        assert "1 incidents of geo_jump (medium), a verdict needs 2" in result.reason

    def test_no_incident_at_all_is_inconclusive(self):
        assert judged(swipes=SWIPES[:1], incidents=[]).verdict == "inconclusive"

    def test_recall_below_its_target_fails(self):
        bounds = DetectionThresholds(incidents=1, incident_recall_min=0.5)
        assert judged(bounds=bounds).verdict == "fail"
        assert judged(alert("f2", 200), bounds=bounds).verdict == "pass"

    def test_false_alerts_above_their_target_fail(self):
        bounds = DetectionThresholds(incidents=1, false_alerts_per_1000_max=10.0)
        assert judged(alert("f2", 200), bounds=bounds).verdict == "pass"
        assert judged(alert("o1", 150, card="d"), bounds=bounds).verdict == "fail"
