"""The board of a timeline small enough to check by eye. B: block, R: review, scored from hour 0.

hour     -5   0    1    2    3    4    5    6    7    10   29
card a        a0   a1F  a2F       .    a4R
                        B    a3F                                i1; a3 is declined
card b                            b1B       b2             b3   l1: only b1 is marked
card c                                           c1R
card d                                                d1F       i2: missed
card e   e0B                                                    before the span: judged, not scored

impossible_travel fired on a2, a4, b1; velocity on a4, c1; the shadow rule on a3.
"""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from evaluation.board import Board, read_board
from evaluation.board.board import make_board, write_board
from evaluation.board.rows import ISSUER
from evaluation.board.sample import Sample
from scenarios.mixes import PREVALENCES


@pytest.fixture
def board(sample: Sample) -> Board:
    return make_board(sample)[0]


def value(board, name, **where):
    line = board.line(name, **where)
    assert line is not None
    return line.value


def of_mode(board, name, mode="block", prevalence="sample"):
    return next(
        line.value
        for line in board.headline
        if (line.name, line.mode, line.prevalence) == (name, mode, prevalence)
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("alert_rate", 4 / 10),
        ("swipe_precision", 1 / 4),
        ("swipe_recall", 1 / 4),
        ("case_precision", 1 / 3),
        ("case_recall", 1 / 2),
        ("incident_recall", 1 / 2),
        ("alert_precision", 2 / 4),
        ("delay_swipes_p50", 1),
        ("delay_min_p50", 60),
        ("lost_share", 1300 / 3300),
        ("saved_share", 2000 / 3300),
        ("average_precision", 1 / 4 * 1 + 3 / 4 * 4 / 10),
    ],
)
def test_figures_of_the_timeline(board, name, expected):
    assert value(board, name) == pytest.approx(expected)


def test_what_lies_before_the_scored_span_is_not_counted(board):
    assert board.extent.swipes == 10
    assert board.extent.fraud_swipes == 4


def test_holders_wrongly_called_count_false_cases_for_each_10_000_cards_a_day(board):
    assert value(board, "holders_wrongly_called") == pytest.approx(2 / (5 * 2) * 10_000)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fraud_amount_stopped", 2000 / 3300),  # a2; a3 was declined anyway
        ("fraud_swipes_stopped", 2 / 4),  # a2, a3
        ("genuine_swipes_stopped", 3 / 10 * 10_000),  # a4, b1, b2; b3 is 25 h later
        ("holders_wrongly_stopped", 1 / 10 * 10_000),  # b
    ],
)
def test_block_mode_stops_from_the_blocked_swipe_for_24_hours(board, name, expected):
    assert of_mode(board, name) == pytest.approx(expected)


@pytest.mark.parametrize(("name", "prevalence"), PREVALENCES.items())
def test_reweighting_is_what_the_formula_says(board, name, prevalence):
    # u: 1/2 for each of two geo_jump incidents, 0.6 for one legit_travel. With i1 come a1 to a4,
    # with i2 d1, with l1 b1 and b2; ordinary are a0, b3 and c1.
    fraud, genuine, ordinary = 4 * 0.5, 0.5 + 2 * 0.6, 3
    c = prevalence * ordinary / ((1 - prevalence) * fraud - prevalence * genuine)
    total = c * (fraud + genuine) + ordinary
    assert c * fraud / total == pytest.approx(prevalence)
    flagged = c * (0.5 + 0.5 + 0.6) + 1
    found = {key: value(board, key, prevalence=name) for key in ("swipe_precision", "alert_rate")}
    assert found["swipe_precision"] == pytest.approx(c * 0.5 / flagged)
    assert found["alert_rate"] == pytest.approx(flagged / total)
    right = c * 0.5
    assert value(board, "case_precision", prevalence=name) == pytest.approx(
        right / (right + c * 0.6 + 1)
    )
    assert value(board, "holders_wrongly_called", prevalence=name) == pytest.approx(
        (c * 0.6 + 1) / 10 * 10_000
    )
    assert of_mode(board, "genuine_swipes_stopped", prevalence=name) == pytest.approx(
        c * (0.5 + 2 * 0.6) / 10 * 10_000
    )


def test_perfect_is_1_and_null_finds_nothing_and_has_no_precision(board):
    for name in ("swipe_precision", "swipe_recall", "incident_recall", "average_precision"):
        assert value(board, name, system="perfect") == 1.0
    assert value(board, "incident_recall", system="null") == 0.0
    assert value(board, "swipe_recall", system="null") == 0.0
    assert value(board, "swipe_precision", system="null") is None
    assert value(board, "case_precision", system="null") is None


def test_random_alerts_as_often_as_the_job(board):
    assert value(board, "alert_rate", system="random") == value(board, "alert_rate")


def test_the_matrix_counts_attacks_by_fraudulent_swipes_and_look_alikes_by_any(board):
    share = {(row.scenario, row.rule): row.share for row in board.matrix if row.difficulty == "all"}
    assert share["geo_jump", "impossible_travel"] == 0.5
    assert share["geo_jump", "velocity"] == 0.0  # a4 is no fraudulent swipe
    assert share["geo_jump", "watcher"] == 0.5
    assert share["legit_travel", "impossible_travel"] == 1.0


def test_rules_alone_and_what_only_they_find(board):
    rules = {row.rule: row for row in board.by_rule}
    travel, velocity, watcher = (rules[r] for r in ("impossible_travel", "velocity", "watcher"))
    assert (travel.fired, travel.fired_fraud, travel.caught) == (3, 1, 1)
    assert (velocity.fired, velocity.fired_fraud, velocity.caught) == (2, 0, 1)
    # velocity fired in an alert of i1, too, so no rule is the only one
    assert (travel.only_incidents, travel.false_alerts, travel.only_false_alerts) == (0, 1, 1)
    assert (velocity.only_incidents, velocity.only_false_alerts) == (0, 1)
    assert watcher.shadow
    assert (watcher.caught, watcher.false_alerts) == (1, 0)


def test_scenarios_by_difficulty(board):
    rows = {(row.scenario, row.difficulty): row for row in board.by_scenario}
    attack, look_alike = rows["geo_jump", "hard"], rows["legit_travel", "hard"]
    assert (attack.incidents, attack.alerted, attack.marked_swipes, attack.flagged_swipes) == (
        *(2, 1, 4, 1),
    )
    assert attack.pair_precision == 0.5
    assert (attack.lost_minor, attack.saved_minor) == (1300, 2000)
    assert look_alike.alerted == 1
    # alerts on 4 of 10 swipes; 4 swipes come with i1, one with i2
    assert attack.random_share == pytest.approx((1 - 0.6**4 + 1 - 0.6) / 2)


def test_long_tables(sample):
    _, tables = make_board(sample)
    incidents = {row["incident_id"]: row for row in tables["incidents"].to_pylist()}
    assert incidents["i1"] == {
        "shard": "timeline",
        "incident_id": "i1",
        "scenario": "geo_jump",
        "difficulty": "hard",
        "caught": True,
        "first_alert_ms": sample.time_ms[3],
        "delay_swipes": 1,
        "delay_min": 60.0,
        "lost_minor": 1000,
        "saved_minor": 2000,
        "rules": ["impossible_travel", "velocity"],
    }
    assert not incidents["i2"]["caught"]
    assert incidents["i2"]["lost_minor"] == 300
    false = {row["card_token"]: row for row in tables["false_cases"].to_pylist()}
    assert set(false) == {"b", "c"}
    assert (false["b"]["scenario"], false["b"]["incident_id"], false["b"]["block"]) == (
        *("legit_travel", "l1", True),
    )
    assert (false["c"]["scenario"], false["c"]["incident_id"], false["c"]["rules"]) == (
        *("ordinary", None, ["velocity"]),
    )


def test_few_incidents_make_it_inconclusive(board):
    assert board.verdict.value == "inconclusive"
    assert board.exit_code == 3
    assert ("inconclusive", "geo_jump", "hard") in [
        (flag.kind, flag.scenario, flag.difficulty) for flag in board.flags
    ]


def test_issuers_labels_stand_beside_the_truth(board):
    for name in ("swipe_precision", "incident_recall"):
        assert board.line(name, labels=ISSUER) is not None


def test_what_is_written_can_be_read(board, sample, tmp_path):
    made, tables = make_board(sample)
    write_board(made, tables, tmp_path / "out")
    assert read_board(tmp_path / "out") == made
    names = ["headline", "by_scenario", "by_rule", "matrix", "curves", "incidents", "false_cases"]
    for name in names:
        assert pq.read_metadata(tmp_path / "out" / f"{name}.parquet").num_rows > 0
