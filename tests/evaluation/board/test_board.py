"""The board's figures on shards that can be worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.board import make_board, read_board, write_board
from evaluation.board.blocking import block_mode
from evaluation.board.bootstrap import ratio_interval
from evaluation.board.curves import precision_recall, thinned
from evaluation.board.shards import load_exam
from evaluation.board.weights import swipe_weights
from scenarios.mixes import MIXED

LOOK_ALIKE = ("legit_travel", "look_alike", "hard")


def share(board: Any, name: str) -> float | None:
    """One of the board's shares."""
    return next(each.value for each in board.shares if each.name == name)


@pytest.fixture
def by_hand(shard: Any, tmp_path: Path) -> Path:
    """Two attacks, one caught late, and two false alarms, over ten days.

    hour   24   25   26        card a, attack a1: the second swipe is reviewed
           f    f*   f
    hour   30                  card b, attack b1: missed
           f
    hour   40                  card c, look-alike: reviewed
           *
    hour   50   51             card d, ordinary: blocked, and stopped an hour later
           **   .
    """
    shard.swipe("a", 24, incident="a1", amount_minor=1_000)
    shard.swipe("a", 25, incident="a1", amount_minor=2_000, speed=9, action=1)
    shard.swipe("a", 26, incident="a1", amount_minor=4_000)
    shard.swipe("b", 30, incident="b1", amount_minor=500)
    shard.swipe("c", 40, incident="l1", kind=LOOK_ALIKE, speed=6, action=1)
    shard.swipe("d", 50, speed=7, amount=4, action=2)
    shard.swipe("d", 51, amount_minor=300)
    for hour in range(60, 80):
        shard.swipe("e", hour)
    return shard.write(tmp_path / "shard")


def test_the_figures_are_those_of_the_timeline(by_hand: Path) -> None:
    board, tables = make_board([by_hand], "test")
    assert share(board, "incident recall") == 0.5
    assert share(board, "swipe recall") == 0.25
    assert share(board, "swipe precision") == pytest.approx(1 / 3)
    assert share(board, "alert rate") == pytest.approx(3 / 27)
    assert share(board, "case precision") == pytest.approx(1 / 3)
    assert share(board, "block precision") == 0.0
    assert board.lost_minor == 1_000 + 500
    assert board.at_stake_minor == 7_500
    assert board.delay_swipes_p50 == 1
    assert board.delay_min_p50 == 60
    # Two false cases over ten days of 1,000 cards.
    assert board.false_cases_per_10000_a_day == pytest.approx(2.0)
    incidents = tables["incidents"].to_pylist()
    assert [(row["incident_id"], row["caught"], row["rules"]) for row in incidents] == [
        ("shard/a1", True, ["speed"]),
        ("shard/b1", False, []),
    ]
    assert sorted(tables["false_cases"].column("card_token").to_pylist()) == ["c", "d"]


def test_obeyed_the_job_would_have_stopped_one_holder_wrongly(by_hand: Path) -> None:
    blocking = block_mode(load_exam([by_hand], "test"))
    assert blocking.saved_minor == 0
    assert blocking.genuine_stopped == 2
    assert (blocking.holders_stopped, blocking.holders_stopped_wrongly) == (1, 1)
    assert blocking.holders_wrongly_per_10000_a_day == pytest.approx(1.0)


def test_a_blocked_attack_is_saved_from_the_block_on(shard: Any, tmp_path: Path) -> None:
    shard.swipe("a", 1, incident="a1", amount_minor=100)
    shard.swipe("a", 2, incident="a1", amount_minor=200, speed=9, amount=9, action=2)
    shard.swipe("a", 3, amount_minor=50)
    shard.swipe("a", 4, incident="a1", amount_minor=400)
    blocking = block_mode(load_exam([shard.write(tmp_path / "s")], "test"))
    assert (blocking.saved_minor, blocking.attempted_minor) == (600, 700)
    assert blocking.genuine_stopped == 1
    assert blocking.holders_stopped_wrongly == 0  # the card was under attack


def test_baselines_are_what_their_names_say(by_hand: Path) -> None:
    board, _ = make_board([by_hand], "test")
    rows = {row.name: row for row in board.baselines}
    assert rows["Perfect"].incident_recall == 1.0
    assert rows["Perfect"].alert_precision == 1.0
    assert rows["Perfect"].lost_share == 0.0
    assert rows["Null"].incidents_caught == 0
    assert rows["Null"].alert_precision is None
    assert rows["Null"].lost_share == 1.0
    assert rows["Random, as many alerts"].alerts == 3
    assert rows["speed alone"].incidents_caught == 1
    assert rows["amount alone"].incidents_caught == 0
    assert rows["amount alone"].alerts == 1


def test_what_lies_before_the_scored_days_is_not_scored(shard: Any, tmp_path: Path) -> None:
    shard.swipe("x", 1, speed=9, action=1)
    shard.swipe("a", 30, incident="a1", speed=9, action=1)
    board, _ = make_board([shard.write(tmp_path / "s", scored_from_hour=24)], "test")
    assert board.swipes == 1
    assert share(board, "swipe precision") == 1.0


def test_incidents_of_two_shards_with_one_name_are_two(make_shard: Any, tmp_path: Path) -> None:
    folders = []
    for number, action in enumerate((1, 0)):
        maker = make_shard()
        maker.swipe(f"card{number}", 5, incident="geo_jump-00000", speed=9 * action, action=action)
        folders.append(maker.write(tmp_path / f"shard{number}"))
    board, _ = make_board(folders, "test")
    assert board.attacks == 2
    assert share(board, "incident recall") == 0.5


def test_a_look_alike_on_which_nothing_fires_is_untested(shard: Any, tmp_path: Path) -> None:
    shard.swipe("a", 1, incident="a1", speed=9, action=1)
    shard.swipe("b", 2, incident="l1", kind=LOOK_ALIKE)
    board, _ = make_board([shard.write(tmp_path / "s")], "test")
    assert any("untested look-alikes" in flag and "legit_travel" in flag for flag in board.flags)


def test_too_few_incidents_are_inconclusive_and_named(by_hand: Path) -> None:
    board, _ = make_board([by_hand], "test")
    assert board.verdict == "inconclusive"
    assert board.exit_code == 3
    assert "2 incidents of geo_jump (hard), 100 are needed" in board.reasons[0]


def test_a_board_is_read_as_it_was_written(by_hand: Path, tmp_path: Path) -> None:
    board, tables = make_board([by_hand], "test")
    write_board(board, tables, tmp_path / "board")
    assert read_board(tmp_path / "board") == board
    for name, table in tables.items():
        assert pq.read_table(tmp_path / "board" / f"{name}.parquet").num_rows == len(table)


def test_scores_of_another_engine_are_not_taken(by_hand: Path) -> None:
    with pytest.raises(FileNotFoundError):
        make_board([by_hand], "another")


@pytest.mark.parametrize("prevalence", [0.00015, 0.0025, 0.05])
def test_weights_bring_fraud_to_the_prevalence(by_hand: Path, prevalence: float) -> None:
    exam = load_exam([by_hand], "test")
    weights = swipe_weights(exam.labels, exam.incidents, prevalence)
    assert weights[exam.is_fraud].sum() / weights.sum() == pytest.approx(prevalence)


def test_weights_keep_look_alikes_at_their_number_for_each_attack(by_hand: Path) -> None:
    exam = load_exam([by_hand], "test")
    weights = swipe_weights(exam.labels, exam.incidents, 0.01)
    roles = np.array(exam.labels.column("role").to_pylist())
    attacks = weights[np.array(exam.labels.column("incident_id").to_pylist()) == "shard/b1"][0]
    # Two attack incidents of one swipe's weight each are the mix's one attack.
    ratio = MIXED.look_alikes_per_attack["legit_travel"]
    assert weights[roles == "look_alike"][0] == pytest.approx(2 * attacks * ratio)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=40))
def test_average_precision_is_that_of_its_definition(rows: list[tuple[int, bool]]) -> None:
    values = np.array([float(value) for value, _ in rows])
    fraud = np.array([is_fraud for _, is_fraud in rows])
    curve = precision_recall(values, fraud, None)
    expected, before = 0.0, 0.0
    for threshold in sorted({value for value in values if value > 0}, reverse=True):
        flagged = values >= threshold
        recall = (flagged & fraud).sum() / max(fraud.sum(), 1)
        expected += (recall - before) * (flagged & fraud).sum() / flagged.sum()
        before = recall
    assert curve.average_precision == pytest.approx(expected if fraud.any() else 0.0)


def test_a_thinned_curve_keeps_its_ends() -> None:
    rng = np.random.default_rng(4)
    fraud = rng.random(5_000) < 0.1
    curve = precision_recall(rng.random(5_000) + fraud, fraud, None)
    thin = thinned(curve, 50)
    assert len(thin.recall) <= 50
    assert thin.recall[-1] == curve.recall[-1]
    assert thin.average_precision == curve.average_precision


def test_swipes_of_one_card_hang_together_in_the_interval() -> None:
    """A card with many swipes counts as one draw: the interval is far wider than by swipe."""
    card = np.repeat(np.arange(20), 50)
    right = np.repeat((np.arange(20) % 2).astype(float), 50)
    clustered = ratio_interval(card, right, np.ones(1_000))
    single = ratio_interval(np.arange(1_000), right, np.ones(1_000))
    assert clustered is not None
    assert single is not None
    assert clustered.high - clustered.low > 4 * (single.high - single.low)
    assert clustered.low < 0.5 < clustered.high
