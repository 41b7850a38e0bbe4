"""A change is called better or worse only where the pairs say so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evaluation.before_after import (
    PairedCounts,
    compare_boards,
    paired_rate,
    paired_ratio,
    paired_share,
)

DAY_MS = 86_400_000


def board(folder: Path, caught: dict[str, bool], false: list[tuple[str, int]]) -> Path:
    """The tables of a board: incidents by id, false cases by card and time."""
    folder.mkdir()
    incidents = [
        {
            "shard": "s",
            "incident_id": name,
            "scenario": name.partition("-")[0],
            "difficulty": "hard",
            "caught": is_caught,
            "rules": ["velocity"] if is_caught else [],
            "lost_minor": 100,
        }
        for name, is_caught in caught.items()
    ]
    cases = [
        {"shard": "s", "card_token": card, "first_alert_ms": at, "rules": ["velocity"]}
        for card, at in false
    ]
    schema = pa.schema(
        [
            ("shard", pa.string()),
            ("card_token", pa.string()),
            ("first_alert_ms", pa.int64()),
            ("rules", pa.list_(pa.string())),
        ]
    )
    pq.write_table(pa.Table.from_pylist(incidents), folder / "incidents.parquet")
    pq.write_table(pa.Table.from_pylist(cases, schema=schema), folder / "false_cases.parquet")
    return folder


def test_what_was_gained_and_lost_is_listed(tmp_path: Path) -> None:
    before = board(tmp_path / "a", {"x-1": True, "x-2": False, "y-1": True}, [("c1", 5)])
    after = board(tmp_path / "b", {"x-1": True, "x-2": True, "y-1": False}, [("c2", 5)])
    change = compare_boards(before, after, days=2.0, alpha=0.05)
    assert change.gained.column("incident_id").to_pylist() == ["x-2"]
    assert change.lost.column("incident_id").to_pylist() == ["y-1"]
    assert change.new_false.column("card_token").to_pylist() == ["c2"]
    assert change.gone_false.column("card_token").to_pylist() == ["c1"]
    recall, false = change.changes
    assert (recall.before, recall.after) == pytest.approx((2 / 3, 2 / 3))
    assert (false.before, false.after) == (0.5, 0.5)
    assert recall.finding == false.finding == "no difference"


def test_a_against_a_differs_in_nothing(tmp_path: Path) -> None:
    caught = {f"x-{number}": number % 3 == 0 for number in range(50)}
    false = [(f"c{number}", number * DAY_MS) for number in range(9)]
    one, other = (board(tmp_path / name, caught, false) for name in "ab")
    change = compare_boards(one, other, days=30.0, alpha=0.05)
    assert {each.finding for each in (*change.changes, *change.by_scenario)} == {"no difference"}
    assert not len(change.gained) + len(change.lost) + len(change.new_false)
    assert all(each.difference == 0 for each in change.changes)


def test_an_alert_a_little_later_on_the_same_day_is_the_same_false_case(tmp_path: Path) -> None:
    one = board(tmp_path / "a", {"x-1": True}, [("c", 5), ("c", 3 * DAY_MS)])
    other = board(tmp_path / "b", {"x-1": True}, [("c", 70_000), ("c", 3 * DAY_MS)])
    assert compare_boards(one, other, 1.0, 0.05).changes[1].difference == 0


def test_many_incidents_gained_are_better_and_many_lost_are_worse() -> None:
    assert paired_share("recall", PairedCounts(50, 2, 30, 100), 0.05).finding == "better"
    assert paired_share("recall", PairedCounts(50, 30, 2, 100), 0.05).finding == "worse"


def test_many_more_false_cases_are_worse() -> None:
    assert paired_rate("false", "a day", PairedCounts(100, 5, 60, 0), 30, 0.05).finding == "worse"
    assert paired_rate("false", "a day", PairedCounts(100, 60, 5, 0), 30, 0.05).finding == "better"


def test_few_pairs_say_nothing() -> None:
    assert paired_ratio("cpu", "s", [1.0, 1.0], [2.0, 2.0], 0.05).finding == "inconclusive"
    assert paired_share("recall", PairedCounts(0, 0, 0, 0), 0.05).finding == "inconclusive"


def test_a_cost_twice_as_high_is_worse_however_noisy_the_machine() -> None:
    rng = np.random.default_rng(5)
    load = rng.lognormal(0.0, 0.3, 8)
    before = load * rng.lognormal(0.0, 0.02, 8)
    after = 2.0 * load * rng.lognormal(0.0, 0.02, 8)
    change = paired_ratio("cpu", "s", before.tolist(), after.tolist(), 0.05)
    assert change.finding == "worse"
    assert change.low < change.difference < change.high


@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_without_a_change_no_more_alarms_are_raised_than_stated(alpha: float) -> None:
    rng = np.random.default_rng(11)
    repeats, alarms = 2_000, {"share": 0, "rate": 0, "ratio": 0}
    for _ in range(repeats):
        discordant = int(rng.poisson(12))
        gained = int(rng.binomial(discordant, 0.5))
        counts = PairedCounts(40, discordant - gained, gained, 200)
        alarms["share"] += paired_share("r", counts, alpha).finding != "no difference"
        alarms["rate"] += paired_rate("f", "a day", counts, 30, alpha).finding != "no difference"
        one, other = rng.lognormal(0.0, 0.05, (2, 8)).tolist()
        alarms["ratio"] += paired_ratio("c", "s", one, other, alpha).finding != "no difference"
    # Exact tests stay below, the t test meets it; three standard errors of room.
    limit = alpha + 3 * (alpha * (1 - alpha) / repeats) ** 0.5
    assert all(count / repeats <= limit for count in alarms.values()), alarms
    assert alarms["ratio"] / repeats >= alpha / 2


def test_the_interval_holds_the_true_difference_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(500):
        gained, lost = int(rng.binomial(300, 0.10)), int(rng.binomial(300, 0.04))
        change = paired_share("r", PairedCounts(100, lost, gained, 300), 0.05)
        held += change.low <= 0.06 <= change.high
    assert held / 500 >= 0.92


def test_many_scenarios_raise_no_more_alarms_than_one_would(tmp_path: Path) -> None:
    """Of thirty scenarios one loses six of eight: worse alone, too little to tell among thirty."""
    caught = {f"s{scenario}-{number}": True for scenario in range(30) for number in range(8)}
    before = board(tmp_path / "a", caught, [])
    lost = caught | {f"s3-{number}": False for number in range(6)}
    among_many = compare_boards(before, board(tmp_path / "b", lost, []), 1.0, 0.05).by_scenario
    assert {each.finding for each in among_many} == {"no difference"}
    alone = {name: found for name, found in lost.items() if name.startswith("s3-")}
    one = board(tmp_path / "c", dict.fromkeys(alone, True), [])
    (change,) = compare_boards(one, board(tmp_path / "d", alone, []), 1.0, 0.05).by_scenario
    assert change.finding == "worse"
