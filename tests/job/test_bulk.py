"""The engine in bulk says what the job says."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from generator.replay import write_replay
from generator.settings import Disturbances, ReplaySettings
from job.bulk import ACTIONS, BulkScores, entities_file, main, rules_hash, score_file
from job.contracts import Alert, Decision
from job.engine.settings import EngineSettings
from job.local import LocalJob, read_records
from job.rules.parameters import DEFAULT_FILE, load_rules
from scenarios.discovery import scenario_classes
from workbench.local_run import as_sent


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days with attacks of every kind, undisturbed: records are the swipes in order."""
    settings = ReplaySettings(
        scenario="ordinary",
        rate_per_min=1_500,
        duration_s=240,
        warm_up_s=0,
        speedup=720,
        load="daily_rhythm",
        disturbances=Disturbances.none(),
        incident_plan=tuple(
            (name, "easy", 4) for name, kind in scenario_classes().items() if kind.role == "attack"
        ),
    )
    folder = tmp_path_factory.mktemp("bulk") / "replay"
    write_replay(settings, folder)
    return folder


@pytest.fixture(scope="module")
def scores(replay: Path) -> pa.Table:
    out = replay / "scores.parquet"
    bulk = BulkScores(load_rules(), EngineSettings())
    swipes, profiles = replay / "swipes.parquet", replay / "profiles.parquet"
    score_file(bulk, swipes, profiles, out, reports=replay / "reports.parquet")
    return pq.read_table(out)


@pytest.fixture(scope="module")
def written(replay: Path) -> tuple[list[Decision], list[Alert]]:
    """What the local job writes for the same replay."""
    job = LocalJob(load_rules(), EngineSettings())
    profiles = pq.read_table(replay / "profiles.parquet")
    columns = (profiles.column(name).to_pylist() for name in profiles.column_names)
    for key, value in zip(*columns, strict=True):
        assert job.load_profile(key, value) == []
    rows = pq.read_table(replay / "records.parquet")
    rows = rows.append_column("partition", pa.array([0] * len(rows), pa.int32()))
    rows = rows.append_column("offset", pa.array(range(len(rows)), pa.int64()))
    pq.write_table(rows, replay / "sent.parquet")
    as_sent(replay / "reports.parquet", replay / "sent-reports.parquet", 1)
    job.expect_reports(read_records(replay / "sent-reports.parquet"))
    written = [out for r in read_records(replay / "sent.parquet") for _, out in job.process(r)]
    written += [output for _, output in job.finish()]
    of_topic = {
        topic: [
            msgspec.json.decode(each.value, type=kind) for each in written if each.topic == topic
        ]
        for topic, kind in (("decisions", Decision), ("alerts", Alert))
    }
    return of_topic["decisions"], of_topic["alerts"]


def test_every_score_and_action_is_the_job_s(
    scores: pa.Table, written: tuple[list[Decision], list[Alert]]
) -> None:
    decisions, _ = written
    assert len(decisions) == len(scores)
    assert [ACTIONS[code] for code in scores.column("action").to_pylist()] == [
        each.action for each in decisions
    ]
    assert scores.column("score").to_pylist() == pytest.approx(
        [each.score for each in decisions], abs=1e-6
    )
    assert any(each.action != "clear" for each in decisions)


def test_the_bits_name_the_rules_that_fired(
    scores: pa.Table, written: tuple[list[Decision], list[Alert]]
) -> None:
    described = msgspec.json.decode(scores.schema.metadata[b"rules"])
    names = [each["name"] for each in described]
    across = {"bin_attack", "compromised_terminal", "device_sharing"}
    for bits, decision in zip(scores.column("fired").to_pylist(), written[0], strict=True):
        named = {name for bit, name in enumerate(names) if bits >> bit & 1} - across
        assert named == set(decision.rules)
    assert {name for decision in written[0] for name in decision.rules} == set(names) - across


def test_a_value_reaches_the_threshold_where_the_rule_fired(scores: pa.Table) -> None:
    for bit, rule in enumerate(msgspec.json.decode(scores.schema.metadata[b"rules"])):
        values = scores.column(f"value_{rule['name']}").to_pylist()
        for bits, value in zip(scores.column("fired").to_pylist(), values, strict=True):
            if bits >> bit & 1:
                assert value >= rule["threshold"] * 0.999


def test_the_alerts_across_cards_stand_beside(
    replay: Path, scores: pa.Table, written: tuple[list[Decision], list[Alert]]
) -> None:
    entities = pq.read_table(entities_file(replay / "scores.parquet"))
    expected = [
        (each.findings[0].rule, each.entity_id, each.event_time_ms)
        for each in written[1]
        if each.entity_type != "card"
    ]
    names = ["rule", "entity_id", "event_time_ms"]
    found = zip(*(entities.column(name).to_pylist() for name in names), strict=True)
    assert sorted(found) == sorted(expected)
    assert {rule for rule, *_ in expected} == {
        "bin_attack",
        "compromised_terminal",
        "device_sharing",
    }


def test_the_hash_changes_with_the_parameters_and_nothing_else(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(DEFAULT_FILE.read_text() + "\n# another\n")
    same = tmp_path / "same.toml"
    same.write_text(DEFAULT_FILE.read_text())
    assert rules_hash(same) == rules_hash(DEFAULT_FILE)
    assert rules_hash(other) != rules_hash(DEFAULT_FILE)


def test_unusable_rules_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[velocity]\nswipes = 'many'\n")
    assert main(["--rules", str(broken), "--hash"]) == 2
    assert "velocity.swipes" in capsys.readouterr().err
