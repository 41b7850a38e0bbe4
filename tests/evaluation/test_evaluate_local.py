import msgspec
import pytest

from evaluation.local import evaluate_local, judge_local
from evaluation.thresholds import load_thresholds


@pytest.fixture
def replay(recording):
    """One attack: swipe s20 of card0, which the engine flags."""
    label = next(row for row in recording.labels if row["swipe_id"] == "s20")
    label |= {"is_fraud": True, "role": "attack", "scenario": "geo_jump", "incident_id": "i1"}
    at_ms = label["event_time_ms"]
    recording.incidents.append(
        {
            "incident_id": "i1",
            "scenario": "geo_jump",
            "role": "attack",
            "difficulty": "hard",
            "entity_type": "card",
            "entity_id": "card0",
            "first_event_time_ms": at_ms,
            "last_event_time_ms": at_ms,
            "swipe_count": 1,
            "amount_minor": 1000,
        }
    )
    return recording.write()


def test_detection_decides_and_the_rest_is_not_measured(replay, tmp_path):
    thresholds = tmp_path / "mine.toml"
    thresholds.write_text("[detection]\nincidents = 1\n")
    results = evaluate_local(
        "run-1", replay / "replay", replay / "history" / "expected.parquet", thresholds
    )
    assert results.mode == "local"
    assert results.verdict.value == "pass"
    assert results.judge("detection").figure("incidents_caught").value == 1
    assert results.judge("latency").reason == "not measured without Kafka"
    assert not results.judge("latency").decides
    assert results.settings["scenario"] == "geo_jump"


def test_a_rule_that_raises_fails_although_the_attack_was_caught(recording, replay, tmp_path):
    decision = next(row for row in recording.expected if row["topic"] == "decisions")
    record = msgspec.json.decode(decision["value"])
    decision["value"] = msgspec.json.encode(record | {"rule_errors": ["amount_outlier"]})
    recording.write()
    thresholds = tmp_path / "mine.toml"
    thresholds.write_text("[detection]\nincidents = 1\n")
    results = evaluate_local(
        "run-1", replay / "replay", replay / "history" / "expected.parquet", thresholds
    )
    assert results.verdict.value == "fail"
    assert "rules raised on 1 decisions: amount_outlier" in results.verdict.reason


def test_one_attack_is_too_few_by_default(replay):
    results = evaluate_local("run-1", replay / "replay", replay / "history" / "expected.parquet")
    assert results.verdict.value == "inconclusive"
    assert results.exit_code == 3


def test_rules_that_fired_are_counted_from_the_decisions(replay):
    evaluated = judge_local(
        "run-1", replay / "replay", replay / "history" / "expected.parquet", load_thresholds()
    )
    rows = {row["rule"]: row for row in evaluated.tables["detection_by_rule"].to_pylist()}
    assert rows["velocity"]["fired_swipes"] == 118
    assert rows["velocity"]["fired_fraud_swipes"] == 1


def test_a_missing_replay_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"manifest\.json"):
        evaluate_local("run-1", tmp_path, tmp_path / "expected.parquet")


def test_its_results_can_be_written_as_json(replay):
    results = evaluate_local("run-1", replay / "replay", replay / "history" / "expected.parquet")
    assert msgspec.json.decode(msgspec.json.encode(results))["mode"] == "local"
