"""A replay reaches a real Kafka whole, in order within each card, and its log is true."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from generator.bookends import send_clock_records
from generator.kafka_client import KafkaRefused, client_settings, silent_logger
from generator.topics import create_run_topics, delete_run_topics, run_topics

pytestmark = pytest.mark.stack

START_MS = 1_600_000_000_000
CARDS = 37


def make_replay(folder: Path, records: int, gap_us: int) -> Path:
    folder.mkdir()
    cards = [None if n % 50 == 49 else f"tok_{n * 7 % CARDS:04d}" for n in range(records)]
    columns: dict[str, Any] = {
        "index": pa.array(range(records), pa.int64()),
        "due_us": pa.array([n * gap_us for n in range(records)], pa.int64()),
        "record_time_ms": pa.array([START_MS + n for n in range(records)], pa.int64()),
        "key": pa.array(cards, pa.string()),
        "value": pa.array(
            [None if n % 100 == 98 else b"%d" % n for n in range(records)], pa.binary()
        ),
    }
    pq.write_table(pa.table(columns), folder / "records.parquet")
    profiles = {"card_token": [f"tok_{n:04d}" for n in range(CARDS)], "value": [b"{}"] * CARDS}
    pq.write_table(
        pa.table({**profiles, "value": pa.array(profiles["value"], pa.binary())}),
        folder / "profiles.parquet",
    )
    manifest = {"event_time_start_ms": START_MS, "event_time_end_ms": START_MS + records}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def command(replay: Path, out: Path, address: str, prefix: str, *more: str) -> list[str]:
    module = [sys.executable, "-m", "generator.send"]
    where = ["--replay", str(replay), "--out", str(out)]
    return [*module, *where, "--bootstrap", address, "--prefix", prefix, *more]


def read_topic(address: str, topic: str, partitions: int = 4) -> list[Message]:
    consumer = Consumer(
        client_settings(address, group_id="test", enable_partition_eof=True), logger=silent_logger
    )
    consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
    records, open_partitions = [], partitions
    deadline_s = time.monotonic() + 60
    while open_partitions and time.monotonic() < deadline_s:
        for message in consumer.consume(1000, 0.2):
            error = message.error()
            if error is None:
                records.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                open_partitions -= 1
    consumer.close()
    return records


def send(*arguments: Any) -> tuple[int, str]:
    done = subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stderr


@pytest.fixture(scope="module")
def sent(
    kafka_address: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[Message]]:
    """One replay of 2,000 records sent by two workers, with profiles and clock records."""
    folder = tmp_path_factory.mktemp("send")
    prefix = "two-workers."
    create_run_topics(kafka_address, prefix)
    replay = make_replay(folder / "replay", 2_000, 300)
    more = ("--workers", "2", "--clock-gap-ms", "60000")
    assert send(replay, folder / "out", kafka_address, prefix, *more) == (0, "")
    return folder / "out", read_topic(kafka_address, f"{prefix}swipes")


def _swipes(records: list[Message]) -> list[Message]:
    return [record for record in records if record.key() != b"clock"]


def test_every_record_arrives_once(sent: tuple[Path, list[Message]]) -> None:
    times = sorted(record.timestamp()[1] for record in _swipes(sent[1]))
    assert times == [START_MS + n for n in range(2_000)]


def test_keys_and_values_arrive_as_rendered(sent: tuple[Path, list[Message]]) -> None:
    by_index = {record.timestamp()[1] - START_MS: record for record in _swipes(sent[1])}
    assert by_index[0].value() == b"0"
    assert by_index[0].key() == b"tok_0000"
    assert by_index[49].key() is None
    assert by_index[98].value() is None


def test_two_workers_keep_the_order_within_a_card(sent: tuple[Path, list[Message]]) -> None:
    last: dict[bytes, tuple[int, int]] = {}
    for record in _swipes(sent[1]):
        key, place = record.key(), (record.partition(), record.timestamp()[1])
        if key is not None and key in last:
            assert place[0] == last[key][0]
            assert place[1] > last[key][1]
        if key is not None:
            last[key] = place
    assert len(last) == CARDS


def test_the_log_says_where_each_record_stands(sent: tuple[Path, list[Message]]) -> None:
    log = pq.read_table(sent[0] / "sends.parquet").to_pylist()
    places = {(r.partition(), r.offset()): r.timestamp()[1] - START_MS for r in _swipes(sent[1])}
    assert [row["index"] for row in log] == list(range(2_000))
    assert all(places[row["partition"], row["offset"]] == row["index"] for row in log)
    assert all(row["error"] is None for row in log)


def test_slip_is_recorded_for_each_record_against_the_schedule(
    sent: tuple[Path, list[Message]],
) -> None:
    log = pq.read_table(sent[0] / "sends.parquet").to_pylist()
    summary = json.loads((sent[0] / "sends.json").read_text())
    start_ns = summary["start_monotonic_ns"]
    assert [row["intended_ns"] for row in log] == [start_ns + n * 300_000 for n in range(2_000)]
    assert all(row["intended_ns"] <= row["actual_ns"] <= row["delivered_ns"] for row in log)
    assert summary["slip"]["samples"] == 2_000
    assert summary["complete"]


def test_clock_records_push_every_partition_past_the_end(
    sent: tuple[Path, list[Message]],
) -> None:
    clocks = [record for record in sent[1] if record.key() == b"clock"]
    assert sorted(record.partition() for record in clocks) == [0, 1, 2, 3]
    assert {record.timestamp()[1] for record in clocks} == {START_MS + 2_000 + 60_000}


def test_profiles_stand_before_the_first_event(
    sent: tuple[Path, list[Message]], kafka_address: str
) -> None:
    profiles = read_topic(kafka_address, "two-workers.card-profiles")
    assert len(profiles) == CARDS
    assert {record.timestamp()[1] for record in profiles} == {START_MS - 1}


def test_clock_records_of_a_later_round_are_further_on(kafka_address: str, prefix: str) -> None:
    create_run_topics(kafka_address, prefix)
    assert send_clock_records(kafka_address, prefix, START_MS, times=3, interval_s=0.01) == 12
    records = read_topic(kafka_address, f"{prefix}swipes")
    times = [record.timestamp()[1] for record in records if record.partition() == 2]
    assert times == [START_MS, START_MS + 1, START_MS + 2]


def test_ctrl_c_leaves_a_true_log_and_no_process(
    kafka_address: str, prefix: str, tmp_path: Path
) -> None:
    create_run_topics(kafka_address, prefix)
    replay, out = make_replay(tmp_path / "replay", 20_000, 10_000), tmp_path / "out"
    arguments = command(replay, out, kafka_address, prefix, "--workers", "2", "--no-profiles")
    process = subprocess.Popen(arguments, start_new_session=True)
    _await_progress(out / "send-progress.json", 50)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 130
    _await_no_process(process.pid)
    log = pq.read_table(out / "sends.parquet")
    summary = json.loads((out / "sends.json").read_text())
    on_topic = read_topic(kafka_address, f"{prefix}swipes")
    assert summary["stopped"]
    assert not summary["complete"]
    assert 50 <= log.num_rows < 20_000
    assert sorted(r.timestamp()[1] - START_MS for r in on_topic) == log["index"].to_pylist()
    assert not list(out.glob("*partial*"))


def _await_no_process(group: int) -> None:
    deadline_s = time.monotonic() + 30
    while left := [each for each in psutil.process_iter() if _runs_in(each, group)]:
        assert time.monotonic() < deadline_s, f"still running: {left}"
        time.sleep(0.05)


def _runs_in(process: psutil.Process, group: int) -> bool:
    try:
        return os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ProcessLookupError):
        return False


def _await_progress(path: Path, sent: int) -> None:
    deadline_s = time.monotonic() + 60
    while not path.exists() or json.loads(path.read_text())["sent"] < sent:
        assert time.monotonic() < deadline_s, "the sender does not get on"
        time.sleep(0.05)


def test_nothing_is_sent_before_the_word(kafka_address: str, tmp_path: Path, prefix: str) -> None:
    create_run_topics(kafka_address, prefix, partitions=4)
    replay = make_replay(tmp_path / "replay", 100, 1_000)
    go, out = tmp_path / "go", tmp_path / "out"
    process = subprocess.Popen(
        command(replay, out, kafka_address, prefix, "--no-profiles", "--start-when", str(go))
    )
    try:
        deadline_s = time.monotonic() + 60
        while time.monotonic() < deadline_s and phase_of(out) != "ready":
            time.sleep(0.05)
        time.sleep(1.0)
        assert phase_of(out) == "ready"
        go_ns = time.monotonic_ns()
        go.touch()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
    sends = json.loads((out / "sends.json").read_text())
    assert go_ns < sends["start_monotonic_ns"] < go_ns + 2e9
    assert sends["delivered"] == 100


def phase_of(out: Path) -> str:
    file = out / "send-progress.json"
    return str(json.loads(file.read_text())["phase"]) if file.exists() else ""


def test_a_broker_that_is_not_there_gives_one_line_and_exit_code_2(tmp_path: Path) -> None:
    replay = make_replay(tmp_path / "replay", 10, 100)
    code, errors = send(replay, tmp_path / "out", "127.0.0.1:9", "x.")
    assert code == 2
    assert errors.count("\n") == 1
    assert "127.0.0.1:9" in errors


def test_a_missing_topic_is_named(kafka_address: str, tmp_path: Path, prefix: str) -> None:
    replay = make_replay(tmp_path / "replay", 10, 100)
    code, errors = send(replay, tmp_path / "out", kafka_address, prefix)
    assert code == 2
    assert f"{prefix}swipes" in errors


def test_a_wrong_kafka_setting_is_named(kafka_address: str, tmp_path: Path, prefix: str) -> None:
    replay = make_replay(tmp_path / "replay", 10, 100)
    wrong = ("--kafka-config", "no.such.setting=1")
    code, errors = send(replay, tmp_path / "out", kafka_address, prefix, *wrong)
    assert code == 2
    assert "no.such.setting" in errors


def test_a_folder_that_is_no_replay_is_named(tmp_path: Path) -> None:
    code, errors = send(tmp_path, tmp_path / "out", "127.0.0.1:9", "x.")
    assert code == 2
    assert f"{tmp_path} is no replay folder" in errors


def test_topics_of_a_run_are_made_once_and_removed(kafka_address: str, prefix: str) -> None:
    assert create_run_topics(kafka_address, prefix) == run_topics(prefix)
    with pytest.raises(KafkaRefused, match="choose another prefix"):
        create_run_topics(kafka_address, prefix)
    assert set(delete_run_topics(kafka_address, prefix)) == set(run_topics(prefix))
    assert delete_run_topics(kafka_address, prefix) == ()
