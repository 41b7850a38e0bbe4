"""The parts of a board, held against brute force and against laws."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluation.attribution import FALSE, TRUE
from evaluation.board.block import block_openers, stopped
from evaluation.board.board import make_board
from evaluation.board.bootstrap import (
    average_precision_interval,
    ratio_interval,
    resampled_sums,
)
from evaluation.board.cases_of import opened_cases
from evaluation.board.concern import concerned, random_catch
from evaluation.board.curves import POINTS, curve
from evaluation.board.daily import precision_at_k
from evaluation.board.issuer import known_fraud
from evaluation.board.prevalence import weights_at
from evaluation.board.sample import NONE
from evaluation.board.study import as_issuer_knows, judge, study
from evaluation.board.systems import JOB, baselines, job_system, rule_systems
from generator.fraud_reports import UNREPORTED_SHARE
from scenarios.mixes import Mix
from tests.evaluation.board.conftest import START_MS, TIMELINE, swipe

swipes_with_scores = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.5, 0.9]), st.booleans()), min_size=1, max_size=30
)


class TestCurves:
    @given(swipes_with_scores)
    def test_average_precision_is_that_of_its_definition(self, swipes):
        value = np.array([v for v, _ in swipes], dtype=np.float32)
        fraud = np.array([f for _, f in swipes])
        area, recall_before = 0.0, 0.0
        for threshold in sorted(set(value.tolist()), reverse=True):
            flagged = value >= threshold
            recall = (flagged & fraud).sum() / max(fraud.sum(), 1)
            area += (recall - recall_before) * (flagged & fraud).sum() / flagged.sum()
            recall_before = recall
        found = curve(value, fraud).average_precision
        assert found is None if not fraud.any() else found == pytest.approx(area)

    def test_a_score_that_says_nothing_has_the_prevalence(self):
        fraud = np.arange(100) < 7
        assert curve(np.zeros(100), fraud).average_precision == pytest.approx(0.07)

    def test_thinning_keeps_both_ends_and_at_most_500_points(self):
        rng = np.random.default_rng(1)
        whole = curve(rng.random(20_000), rng.random(20_000) < 0.01)
        thin = whole.thinned()
        assert len(thin.threshold) <= POINTS
        assert thin.flagged[0] == whole.flagged[0]
        assert (thin.flagged[-1], thin.hits[-1]) == (whole.flagged[-1], whole.hits[-1])


class TestBootstrap:
    def test_swipes_of_one_card_stand_and_fall_together(self):
        # 20 cards of 50 swipes, half of them flagged as a whole: 20 draws, not 1,000.
        card = np.repeat(np.arange(20), 50)
        columns = {"flagged": (card < 10).astype(float), "swipes": np.ones(1000)}
        by_card = resampled_sums(card, columns, 400, 1)
        alone = resampled_sums(np.arange(1000), columns, 400, 1)
        wide = ratio_interval(by_card["flagged"], by_card["swipes"])
        narrow = ratio_interval(alone["flagged"], alone["swipes"])
        # The normal approximation: 1.96 sqrt(0.25 / n) either way.
        assert wide.high - wide.low == pytest.approx(2 * 1.96 * (0.25 / 20) ** 0.5, rel=0.25)
        assert narrow.high - narrow.low == pytest.approx(2 * 1.96 * (0.25 / 1000) ** 0.5, rel=0.25)

    def test_the_average_precision_lies_in_its_interval_which_the_seed_repeats(self):
        rng = np.random.default_rng(2)
        fraud = rng.random(3000) < 0.1
        value = np.where(rng.random(3000) < 0.5, 0.0, rng.random(3000) + fraud)
        card = rng.integers(300, size=3000)
        found = average_precision_interval(card, value, fraud, 200, 3)
        assert found.low < curve(value, fraud).average_precision < found.high
        assert found == average_precision_interval(card, value, fraud, 200, 3)

    def test_a_perfect_score_is_certain(self):
        fraud = np.arange(40) % 4 == 0
        found = average_precision_interval(np.arange(40) // 4, fraud * 1.0, fraud, 200, 1)
        assert found == (1.0, 1.0)


class TestConcern:
    def test_what_comes_with_an_incident(self, sample):
        names = {s["swipe_id"]: int(at) for s, at in zip(TIMELINE, concerned(sample), strict=True)}
        assert names["a0"] == NONE
        assert names["a1"] == names["a4"] != NONE
        assert names["b1"] == names["b2"] != NONE
        assert names["b3"] == names["c1"] == NONE

    def test_of_two_incidents_on_a_card_a_swipe_comes_with_the_one_that_began_last(self, sample_of):
        sample = sample_of([swipe("a0", 1, "i1"), swipe("a1", 3, "i2"), swipe("a2", 5)])
        owner = concerned(sample)
        assert owner[2] == owner[1] != owner[0]

    def test_random_alerts_meet_an_incident_as_often_as_expected(self, sample):
        owner, rate = concerned(sample), 0.3
        rng = np.random.default_rng(4)
        met = np.zeros(len(sample.incidents))
        for _ in range(4000):
            touched = owner[(rng.random(len(sample)) < rate) & sample.scored]
            met[np.unique(touched[touched != NONE])] += 1
        assert met / 4000 == pytest.approx(random_catch(sample, owner, rate), abs=0.03)


@st.composite
def exams(draw):
    """Up to 8 cards, each with an attack, a look-alike or nothing."""
    swipes = []
    for card in draw(st.lists(st.sampled_from("il-"), min_size=3, max_size=8)):
        letter = "abcdefgh"[len({s["card_token"] for s in swipes})]
        incident = None if card == "-" else f"{card}{letter}"
        for at in range(draw(st.integers(1, 3))):
            action = draw(st.integers(0, 2))
            more = {"action": action, "score": action / 2, "fired": int(action > 0)}
            swipes.append(swipe(f"{letter}{at}", 1 + at, incident, **more))
    return swipes


def mix_of(attacks, look_alikes):
    return Mix("any", "", attacks, look_alikes, dict.fromkeys(attacks, 1.0))


class TestPrevalence:
    @settings(
        max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(exams())
    def test_at_the_samples_own_prevalence_and_mix_nothing_changes(self, sample_of, swipes):
        sample = sample_of([*swipes, swipe("z0", 1)])
        attacks = len({s["incident_id"] for s in swipes if s["is_fraud"]})
        others = len({s["incident_id"] for s in swipes if s["role"] == "look_alike"})
        own = mix_of({"geo_jump": 1.0}, {"legit_travel": others / max(attacks, 1)})
        prevalence = sample.fraud.mean()
        weights = weights_at(sample, concerned(sample), prevalence, own, "sample")
        if not attacks:
            assert weights is None
            return
        assert weights.of_swipes == pytest.approx(np.ones(len(sample)))
        rows = job_system(sample).rows
        weighted = weights.of_swipes[rows] @ sample.fraud[rows] / max(len(rows), 1)
        assert weighted == pytest.approx(sample.fraud[rows].sum() / max(len(rows), 1))

    @settings(
        max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(exams(), st.floats(1e-6, 0.2))
    def test_the_weighted_share_of_fraud_is_the_prevalence(self, sample_of, swipes, prevalence):
        sample = sample_of([*swipes, swipe("z0", 1)])
        mix = mix_of({"geo_jump": 0.3}, {"legit_travel": 0.6})
        weights = weights_at(sample, concerned(sample), prevalence, mix)
        if weights is not None:
            fraud = float(weights.of_swipes @ sample.fraud)
            assert fraud / weights.of_swipes.sum() == pytest.approx(prevalence)
            assert (weights.of_swipes >= 0).all()

    def test_difficulties_count_alike_however_many_incidents_they_have(self, sample_of):
        swipes = [
            swipe("a0", 1, "ia", difficulty="easy"),
            swipe("b0", 1, "ib", difficulty="hard"),
            swipe("c0", 1, "ic", difficulty="hard"),
            swipe("z0", 1),
        ]
        sample = sample_of(swipes)
        mix = mix_of({"geo_jump": 1.0}, {})
        weights = weights_at(sample, concerned(sample), 0.1, mix).of_incidents
        assert weights[0] == pytest.approx(weights[1] + weights[2])

    def test_a_scenario_that_the_mix_does_not_have_weighs_nothing_and_is_named(self, sample):
        weights = weights_at(sample, concerned(sample), 0.1, mix_of({"geo_jump": 1.0}, {}))
        assert weights.missing == ("legit_travel",)
        assert weights.of_swipes[5] == 0.0

    def test_a_right_case_weighs_as_its_attack_though_a_swipe_before_it_opened_it(self, sample_of):
        flagged = {"action": 1, "fired": 1}
        swipes = [swipe("a0", 0.5, **flagged), swipe("a1", 1, "ia", **flagged), swipe("z0", 1)]
        sample = sample_of(swipes)
        weights = weights_at(sample, concerned(sample), 0.1, mix_of({"geo_jump": 1.0}, {}))
        cases = opened_cases(study(sample))
        assert cases.right.tolist() == [True]
        assert cases.weights(weights) == pytest.approx(weights.of_incidents)
        assert weights.of_incidents[0] != pytest.approx(1.0)


class TestDaily:
    def test_a_card_is_called_once_a_day_however_many_could_be(self, sample_of):
        sample = sample_of([swipe("c0", 1, "ic", score=0.9)], cards=30_000)
        found = precision_at_k(sample, sample.score)
        assert (found.calls, found.right, found.possible) == (3, 1.0, 1)

    def test_the_first_k_of_each_day_by_score(self, sample_of):
        # Two days, k = 1. Day 0: c (0.9, fraud) before d (0.4). Day 1: e and f tie, one is right.
        swipes = [
            swipe("c0", 1, "ic", score=0.9),
            swipe("d0", 2, score=0.4),
            swipe("e0", 25, "ie", score=0.5),
            swipe("f0", 26, score=0.5),
        ]
        found = precision_at_k(sample_of(swipes), sample_of(swipes).score)
        assert (found.calls, found.k, found.right, found.possible) == (2, 1.0, 1.5, 2)

    def test_cards_without_a_score_are_never_called_right(self, sample_of):
        sample = sample_of([swipe("c0", 1, "ic"), swipe("d0", 2)])
        found = precision_at_k(sample, sample.score)
        assert (found.right, found.possible) == (0.0, 1)

    def test_k_grows_with_the_portfolio(self, sample_of):
        sample = sample_of([swipe("c0", 1)], cards=30_000)
        assert precision_at_k(sample, sample.score).k == 3
        assert precision_at_k(sample, sample.score, 2.0).k == 6


class TestBlock:
    def test_a_block_within_a_stop_does_not_extend_it_and_one_after_opens_another(self, sample_of):
        # hour 0 B   10 B   23   25 (free)   30 B   40
        swipes = [
            swipe(f"a{at}", hour, action=2 * blocks, fired=1)
            for at, (hour, blocks) in enumerate(
                [(0, 1), (10, 1), (23, 0), (25, 0), (30, 1), (40, 0)]
            )
        ]
        sample = sample_of(swipes)
        openers = block_openers(sample, job_system(sample).blocking)
        rows, by = stopped(sample, openers)
        assert openers.tolist() == [0, 4]
        assert rows.tolist() == [0, 1, 2, 4, 5]
        assert by.tolist() == [0, 0, 0, 4, 4]

    def test_of_swipes_at_one_moment_those_that_arrived_before_are_not_stopped(self, sample_of):
        sample = sample_of([swipe("a0", 1), swipe("a1", 1, action=2), swipe("a2", 1)])
        rows, _ = stopped(sample, block_openers(sample, job_system(sample).blocking))
        assert rows.tolist() == [1, 2]

    def test_without_a_block_nothing_is_stopped(self, sample_of):
        sample = sample_of([swipe("a0", 1, action=1)])
        rows, _ = stopped(sample, block_openers(sample, job_system(sample).blocking))
        assert not len(rows)


class TestIssuer:
    def test_some_never_report_and_late_fraud_is_not_known_yet(self, sample_of):
        early = [swipe(f"a{at}", 0, f"ia{at}", card_token=f"a{at}") for at in range(2000)]
        late = [swipe(f"b{at}", 47.9, f"ib{at}", card_token=f"b{at}") for at in range(200)]
        sample = sample_of([*early, *late])
        known = known_fraud(sample, 1)
        # P(reported) times P(ln(days) < ln 2), days lognormal with median 7 and deviation 1
        expected = (1 - UNREPORTED_SHARE) * 0.1051
        assert known[:2000].mean() == pytest.approx(expected, abs=0.02)
        assert known[2000:].mean() < 0.01

    def test_a_card_is_reported_as_a_whole(self, sample_of):
        swipes = [
            swipe(f"{at}{part}", part, f"i{at}", card_token=str(at))
            for at in range(200)
            for part in range(3)
        ]
        sample = sample_of(swipes)
        known = known_fraud(sample, 1).reshape(200, 3)
        assert (known.all(axis=1) | ~known.any(axis=1)).all()
        assert known.any()

    def test_an_attack_of_which_nothing_is_known_is_none_and_its_alert_is_false(self, sample):
        seen = as_issuer_knows(sample)  # two days: with this seed nobody has reported yet
        assert not seen.fraud.any()
        judged = judge(seen, job_system(seen))
        assert not len(judged.attacks)
        assert set(judged.alerts.column("kind").to_pylist()) == {FALSE}


class TestShards:
    def test_names_are_unique_only_within_a_shard(self, sample_of):
        two = sample_of(TIMELINE, TIMELINE)
        one = sample_of(TIMELINE)
        found, single = (make_board(each)[0] for each in (two, one))
        for name in ("swipe_precision", "incident_recall", "case_precision", "lost_share"):
            assert found.line(name).value == pytest.approx(single.line(name).value)
            doubled = 2 * single.line(name).denominator
            assert found.line(name).denominator == doubled

    def test_an_alert_of_one_shard_credits_no_attack_of_another(self, sample_of):
        attack = [swipe("a0", 1, "ia"), swipe("a1", 2)]
        other = [swipe("a0", 1), swipe("a1", 2, action=1, fired=1)]
        judged = study(sample_of(attack, other)).job
        assert judged.alerts.column("kind").to_pylist() == [FALSE]

    def test_an_alert_across_cards_credits_the_attack_on_its_entity(self, sample_of):
        swipes = [swipe("a0", 1, "ia"), swipe("b0", 1.1, "ia", fired=2), swipe("c0", 3)]
        alert = {
            "rule": "velocity",
            "entity_type": "bin",
            "entity_id": "400000|m1",
            "swipe_id": "b0",
            "event_time_ms": START_MS + 3_960_000,
            "action": 1,
            "score": 0.8,
        }
        sample = sample_of(swipes, entities=[alert], entity_of={"ia": ("bin", "400000")})
        job = study(sample).job
        assert job.attacks.column("caught").to_pylist() == [True]
        assert job.attacks.column("delay_swipes").to_pylist() == [1]
        alone = {s.name: judge(sample, s) for s in rule_systems(sample)}
        assert alone["velocity"].attacks.column("caught").to_pylist() == [True]
        assert not len(alone["velocity"].system.alerting)

    def test_an_alert_on_a_device_credits_the_attack_of_its_shard_alone(self, sample_of):
        attack = [swipe("a0", 1, "ia", device_id="d"), swipe("b0", 1.1, "ia", device_id="d")]
        other = [swipe("a0", 1, device_id="d"), swipe("b0", 1.1, device_id="d")]
        alert = {
            "rule": "velocity",
            "entity_type": "device",
            "entity_id": "d",
            "swipe_id": "b0",
            "event_time_ms": START_MS + 3_960_000,
            "action": 1,
            "score": 0.8,
        }
        job = study(sample_of(attack, other, entities=[alert])).job
        assert job.attacks.column("caught").to_pylist() == [True]
        assert sorted(job.alerts.column("kind").to_pylist()) == [FALSE, TRUE]

    def test_an_attack_that_began_before_the_scored_span_is_not_counted(self, sample_of):
        swipes = [swipe("a0", -1, "ia"), swipe("a1", 1, "ia", action=1, fired=1), swipe("b0", 2)]
        judged = study(sample_of(swipes)).job
        assert not len(judged.attacks)
        assert judged.alerts.column("kind").to_pylist() != [FALSE]

    def test_null_random_and_perfect_repeat_with_their_seed(self, sample):
        job = job_system(sample)
        first, again = ([s.rows.tolist() for s in baselines(sample, job)] for _ in range(2))
        assert first == again
        assert [len(rows) for rows in first] == [0, 4, 4]
        assert job.name == JOB


def test_flags_say_what_cannot_be_seen_what_is_too_easy_and_what_tests_nothing(sample_of):
    quiet = [swipe(f"q{at}", 1, f"l{at}", card_token=f"q{at}") for at in range(3)]
    missed = [
        swipe(f"m{at}", 1, f"im{at}", card_token=f"m{at}", difficulty="easy") for at in range(100)
    ]
    few = [
        swipe(f"f{at}", 1, f"if{at}", card_token=f"f{at}", difficulty="medium") for at in range(3)
    ]
    caught = [
        swipe(f"c{at}", 1, f"ic{at}", card_token=f"c{at}", action=1, fired=1) for at in range(100)
    ]
    plain = [swipe(f"o{at}", 1, card_token=f"o{at}") for at in range(400)]
    board, _ = make_board(sample_of([*quiet, *missed, *few, *caught, *plain]))
    flags = {(flag.kind, flag.scenario, flag.difficulty) for flag in board.flags}
    assert flags == {
        ("inconclusive", "geo_jump", "medium"),
        ("expected_miss", "geo_jump", "easy"),
        ("too_easy", "geo_jump", "hard"),
        ("untested", "legit_travel", "all"),
    }


def test_enough_incidents_make_it_measured_whatever_was_caught(sample_of):
    swipes = [swipe(f"c{at}", 1, f"ic{at}", card_token=f"c{at}") for at in range(100)]
    board, _ = make_board(sample_of([*swipes, swipe("z0", 1)]))
    assert board.line("incident_recall").value == 0.0
    assert (board.verdict.value, board.exit_code) == ("pass", 0)


def test_a_rule_fires_only_it_when_no_other_is_behind_the_alerts_of_an_attack(sample_of):
    swipes = [swipe("a0", 1, "ia", action=1, fired=1), swipe("b0", 1, "ib", action=1, fired=3)]
    board, _ = make_board(sample_of([*swipes, swipe("z0", 1)]))
    only = {row.rule: row.only_incidents for row in board.by_rule}
    assert only == {"impossible_travel": 1, "velocity": 0, "watcher": 0}


def test_tables_without_rows_keep_their_columns(sample_of):
    _, tables = make_board(sample_of([swipe("z0", 1), swipe("z1", 2)]))
    assert tables["false_cases"].schema.field("rules").type == pa.list_(pa.string())
    assert len(tables["incidents"]) == 0
