"""What lies in a replay's folder, and does it fit together?"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from generator.replay import ReplayError, cached_replay, load_manifest, replay_key, write_replay
from generator.settings import Disturbances, ReplaySettings
from job.contracts import CardProfile, Swipe

SMALL = ReplaySettings(
    scenario="ordinary", rate_per_min=600, duration_s=5, warm_up_s=0, history_limit=2
)


def decoded(replay: Any) -> list[Swipe]:
    return [msgspec.json.decode(row["value"], type=Swipe) for row in replay.rows("records")]


def test_there_are_as_many_records_as_the_rate_says(smooth: Any, rough: Any) -> None:
    assert len(smooth.rows("records")) == 6_000 * 25 / 60
    assert len(rough.rows("records")) == 6_000 * 18 / 60


def test_every_record_without_disturbance_is_a_swipe_in_its_envelope(smooth: Any) -> None:
    for row, swipe in zip(smooth.rows("records"), decoded(smooth), strict=True):
        assert row["key"] == swipe.card_token
        assert row["record_time_ms"] == swipe.event_time_ms
        assert row["swipe_id"] == swipe.swipe_id
        assert row["disturbance"] == "none"


def test_records_come_by_event_time_and_are_due_in_order(smooth: Any) -> None:
    rows = smooth.rows("records")
    times = [row["record_time_ms"] for row in rows]
    assert times == sorted(times)
    assert [row["index"] for row in rows] == list(range(len(rows)))
    assert [row["due_us"] for row in rows] == [10_000 * number for number in range(len(rows))]


def test_event_times_lie_within_the_manifest_s_span(smooth: Any) -> None:
    start_ms, end_ms = smooth.manifest.event_time_start_ms, smooth.manifest.event_time_end_ms
    assert end_ms - start_ms == 25_000
    assert all(start_ms <= row["record_time_ms"] < end_ms for row in smooth.rows("records"))


def test_swipe_ids_are_unique_also_against_the_past(smooth: Any) -> None:
    ids = [row["swipe_id"] for row in smooth.rows("swipes")]
    for row in smooth.rows("profiles"):
        ids += [past.swipe_id for past in profile_of(row).recent]
    assert max(Counter(ids).values()) == 1


def test_labels_join_every_swipe_once(rough: Any) -> None:
    labels = {row["swipe_id"]: row for row in rough.rows("labels")}
    swipes = rough.rows("swipes")
    assert len(labels) == len(rough.rows("labels")) == len(swipes)
    for swipe in swipes:
        label = labels[swipe["swipe_id"]]
        for name in ("card_token", "event_time_ms", "amount_minor", "merchant_id", "bin"):
            assert label[name] == swipe[name]


def test_the_columns_say_what_the_bytes_say(smooth: Any) -> None:
    columns = {row["swipe_id"]: row for row in smooth.rows("swipes")}
    for swipe in decoded(smooth):
        assert columns[swipe.swipe_id] == msgspec.structs.asdict(swipe)


def test_a_label_has_an_incident_exactly_where_it_is_not_ordinary(rough: Any) -> None:
    for label in rough.rows("labels"):
        is_ordinary = label["role"] == "ordinary"
        assert is_ordinary == (label["incident_id"] is None)
        assert is_ordinary == (label["scenario"] == "ordinary")
        assert label["is_fraud"] == (label["role"] == "attack")


def test_incidents_are_the_sums_of_their_swipes(rough: Any) -> None:
    labels = [row for row in rough.rows("labels") if row["incident_id"] is not None]
    incidents = rough.rows("incidents")
    assert {row["incident_id"] for row in labels} == {row["incident_id"] for row in incidents}
    for incident in incidents:
        own = [row for row in labels if row["incident_id"] == incident["incident_id"]]
        assert incident["swipe_count"] == len(own)
        assert incident["amount_minor"] == sum(row["amount_minor"] for row in own)
        assert incident["first_event_time_ms"] == min(row["event_time_ms"] for row in own)
        assert incident["last_event_time_ms"] == max(row["event_time_ms"] for row in own)
        assert {row["role"] for row in own} == {incident["role"]}
        assert {row["card_token"] for row in own} == {incident["entity_id"]}


def test_there_are_the_incidents_asked_for_and_the_companion_s(smooth: Any) -> None:
    assert smooth.manifest.incidents_by_scenario == {"geo_jump": 20, "legit_travel": 40}


def test_incidents_keep_out_of_the_warm_up(smooth: Any) -> None:
    measured_ms = smooth.settings.measured_start_ms
    assert all(row["first_event_time_ms"] >= measured_ms for row in smooth.rows("incidents"))


def test_every_card_has_one_profile(rough: Any) -> None:
    tokens = Counter(row["card_token"] for row in rough.rows("profiles"))
    assert max(tokens.values()) == 1
    assert {row["card_token"] for row in rough.rows("swipes")} <= set(tokens)


def test_profiles_hold_the_card_s_own_past_in_order(smooth: Any) -> None:
    settings = smooth.settings
    oldest_ms = settings.event_time_start_ms - settings.history_days * 86_400_000 - 3_600_000
    for row in smooth.rows("profiles"):
        profile = profile_of(row)
        times = [past.event_time_ms for past in profile.recent]
        assert len(times) <= settings.history_limit
        assert times == sorted(times)
        assert all(oldest_ms <= time_ms < settings.event_time_start_ms for time_ms in times)
        assert {past.card_token for past in profile.recent} <= {row["card_token"]}


def test_the_genuine_swipe_before_a_jump_is_in_the_past_or_the_replay(smooth: Any) -> None:
    pasts = {row["card_token"]: profile_of(row).recent for row in smooth.rows("profiles")}
    sent = smooth.rows("swipes")
    from_past = 0
    for incident in smooth.rows("incidents"):
        token, first_ms = incident["entity_id"], incident["first_event_time_ms"]
        live = [s for s in sent if s["card_token"] == token and s["event_time_ms"] < first_ms]
        assert live or pasts[token]
        from_past += not live
    assert from_past > 0


def test_ids_and_tokens_have_one_form_whatever_the_label(rough: Any) -> None:
    for row in rough.rows("labels"):
        assert re.fullmatch(r"[0-9a-f]{16}", row["swipe_id"])
        assert re.fullmatch(r"[0-9a-f]{32}", row["card_token"])
        assert re.fullmatch(r"9\d{7}", row["bin"])
        assert re.fullmatch(r"[0-9A-F]{15}", row["merchant_id"])
        assert row["device_id"] is None or re.fullmatch(r"[0-9a-f]{16}", row["device_id"])


def test_nothing_in_a_message_names_a_scenario_or_label(smooth: Any) -> None:
    for row in smooth.rows("records"):
        assert not re.search(rb"geo_jump|legit_travel|fraud|attack|incident|label", row["value"])


def test_the_manifest_s_hash_is_over_what_is_sent(smooth: Any) -> None:
    digest = hashlib.sha256()
    for row in smooth.rows("records"):
        key = row["key"].encode()
        digest.update(row["record_time_ms"].to_bytes(8, "big"))
        digest.update(len(key).to_bytes(4, "big") + len(row["value"]).to_bytes(4, "big") + b"\0")
        digest.update(key + row["value"])
    assert smooth.manifest.sha256 == digest.hexdigest()


def test_the_manifest_says_how_far_fraud_is_oversampled(smooth: Any) -> None:
    manifest = smooth.manifest
    frauds = sum(row["is_fraud"] for row in smooth.rows("labels"))
    assert manifest.counts["fraudulent_swipes"] == frauds
    assert manifest.fraud_share == pytest.approx(frauds / manifest.counts["swipes"])
    assert manifest.oversampling == pytest.approx(
        manifest.fraud_share / manifest.fraud_share_in_life, rel=0.01
    )


def test_the_manifest_is_read_back_as_it_was_written(smooth: Any) -> None:
    assert load_manifest(smooth.folder) == smooth.manifest


def test_a_replay_is_cached_under_its_key(tmp_path: Path) -> None:
    folder = cached_replay(SMALL, tmp_path)
    written = (folder / "records.parquet").stat().st_mtime_ns
    assert folder == tmp_path / replay_key(SMALL)
    assert cached_replay(SMALL, tmp_path) == folder
    assert (folder / "records.parquet").stat().st_mtime_ns == written


def test_other_settings_or_another_token_key_have_another_cache_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys = {
        replay_key(SMALL),
        replay_key(SMALL.model_copy(update={"seed": 2})),
        replay_key(SMALL.model_copy(update={"disturbances": Disturbances.none()})),
    }
    monkeypatch.setenv("PAYSTREAM_TOKEN_KEY", "another")
    assert len(keys | {replay_key(SMALL)}) == 4


def test_a_failed_replay_leaves_nothing_behind(tmp_path: Path) -> None:
    too_many = SMALL.model_copy(update={"scenario": "geo_jump", "incidents": 60})
    with pytest.raises(ValueError, match="fewer incidents"):
        write_replay(too_many, tmp_path / "replay")
    assert list(tmp_path.iterdir()) == []


def test_a_replay_does_not_write_over_another(tmp_path: Path) -> None:
    (tmp_path / "replay").mkdir()
    with pytest.raises(ReplayError, match="is there already"):
        write_replay(SMALL, tmp_path / "replay")


def test_a_folder_without_manifest_is_no_replay(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="is no replay"):
        load_manifest(tmp_path)


def test_progress_ends_with_everything_done(tmp_path: Path) -> None:
    steps: list[tuple[str, float]] = []
    write_replay(SMALL, tmp_path / "replay", lambda step, share: steps.append((step, share)))
    assert steps[-1] == ("done", 1.0)
    assert [share for _, share in steps] == sorted(share for _, share in steps)


def profile_of(row: dict[str, Any]) -> CardProfile:
    profile = msgspec.json.decode(row["value"], type=CardProfile)
    assert profile.card_token == row["card_token"]
    return profile
