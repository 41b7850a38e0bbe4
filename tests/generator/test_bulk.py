"""Shards of an exam: months of labelled traffic in columns."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from generator.bulk import HISTORY_DAYS, ExamSettings, Shard, main, shard_folder, write_shard
from generator.replay import ReplayError
from generator.settings import SettingsError
from scenarios.variation import SPLITS

SMALL = ExamSettings(
    shards=2, cards_per_shard=2_000, days=4, incidents=3, scenarios=("geo_jump", "legit_travel")
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Shard]:
    folder = tmp_path_factory.mktemp("exam") / "shard"
    return folder, write_shard(SMALL, 0, folder)


def test_labels_stand_row_by_row_beside_the_swipes(made: tuple[Path, Shard]) -> None:
    swipes, labels = (pq.read_table(made[0] / f"{name}.parquet") for name in ("swipes", "labels"))
    assert swipes.column("swipe_id") == labels.column("swipe_id")
    assert len(swipes) == made[1].swipes


def test_history_lies_before_what_is_scored(made: tuple[Path, Shard]) -> None:
    shard = made[1]
    times = pq.read_table(made[0] / "swipes.parquet").column("event_time_ms").to_pylist()
    assert shard.event_time_end_ms - shard.scored_from_ms == 4 * 86_400_000
    assert min(times) >= shard.scored_from_ms - HISTORY_DAYS * 86_400_000
    assert min(times) < shard.scored_from_ms < max(times) < shard.event_time_end_ms


def test_every_scenario_and_difficulty_has_its_incidents(made: tuple[Path, Shard]) -> None:
    rows = pq.read_table(made[0] / "incidents.parquet").to_pylist()
    kinds = [(row["scenario"], row["difficulty"]) for row in rows]
    assert len(set(kinds)) == 6
    assert all(kinds.count(kind) == 2 for kind in kinds)  # 3 over 2 shards, at least
    assert all(row["first_event_time_ms"] >= made[1].scored_from_ms for row in rows)


def test_the_days_have_a_rhythm(made: tuple[Path, Shard]) -> None:
    times = pq.read_table(made[0] / "swipes.parquet").column("event_time_ms").to_pylist()
    hours = [time_ms // 3_600_000 % 24 for time_ms in times]
    assert hours.count(12) > 5 * hours.count(2)


def test_the_same_settings_make_the_same_shard(made: tuple[Path, Shard], tmp_path: Path) -> None:
    write_shard(SMALL, 0, tmp_path / "again")
    for name in ("swipes", "labels", "incidents", "profiles"):
        again = pq.read_table(tmp_path / "again" / f"{name}.parquet")
        assert again.equals(pq.read_table(made[0] / f"{name}.parquet"))


def test_no_two_shards_seeds_or_splits_share_a_seed() -> None:
    seeds = [
        ExamSettings(split=split, seed=seed, shards=100).shard_seed(shard)
        for split in SPLITS
        for seed in (0, 1, 9_999)
        for shard in range(100)
    ]
    assert len(set(seeds)) == len(seeds)


def test_a_folder_is_named_after_what_is_in_it(tmp_path: Path) -> None:
    other = SMALL.model_copy(update={"days": 5})
    assert shard_folder(SMALL, 0, tmp_path) != shard_folder(other, 0, tmp_path)
    assert shard_folder(SMALL, 0, tmp_path) != shard_folder(SMALL, 1, tmp_path)


def test_a_shard_is_not_overwritten(made: tuple[Path, Shard]) -> None:
    with pytest.raises(ReplayError, match="is there already"):
        write_shard(SMALL, 0, made[0])


def test_wrong_settings_are_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="shards"):
        ExamSettings.parse({"shards": 0})
    with pytest.raises(SettingsError, match="geo_jmp"):
        ExamSettings.parse({"scenarios": ["geo_jmp"]})


def test_too_many_incidents_leave_nothing_behind(tmp_path: Path) -> None:
    described = msgspec.json.encode(
        {"cards_per_shard": 500, "days": 1, "incidents": 10_000, "shards": 1}
    ).decode()
    assert main(["--settings", described, "--out", str(tmp_path / "shard")]) == 2
    assert list(tmp_path.iterdir()) == []
