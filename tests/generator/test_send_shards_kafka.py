"""Do senders that run apart bring one replay to a real Kafka, each to its own partitions?"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from generator.kafka_client import require_broker
from generator.rendezvous import (
    GO_FILE,
    SharedOrder,
    machine_id,
    place_order,
    shard_folder,
)
from generator.send import PROGRESS_FILE, SendProgress
from generator.topics import create_run_topics
from tests.generator.test_send_kafka import START_MS, make_replay, read_topic

pytestmark = pytest.mark.stack

RECORDS = 2_000
SHARDS = 3


def phase(shared: Path, number: int) -> str:
    file = shard_folder(shared, "run-1", number) / PROGRESS_FILE
    try:
        return msgspec.json.decode(file.read_bytes(), type=SendProgress).phase
    except FileNotFoundError:
        return "absent"


def test_three_senders_share_a_replay(kafka_address, prefix, tmp_path):
    require_broker(kafka_address)
    create_run_topics(kafka_address, prefix)
    replay = make_replay(tmp_path / "replay", RECORDS, 200)
    module = [sys.executable, "-m", "generator.send_shard", "--shards", str(SHARDS)]
    where = ["--shared", str(tmp_path), "--bootstrap", kafka_address, "--prefix", prefix]
    senders = [
        subprocess.Popen(
            [*module, *where, "--shard", str(number), "--wait-s", "60"],
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(SHARDS)
    ]
    place_order(
        tmp_path,
        SharedOrder(
            run_id="run-1",
            replay=str(replay),
            shards=SHARDS,
            clock_gap_ms=60_000,
            machine=machine_id(),
        ),
    )
    try:
        deadline_s = time.monotonic() + 60
        while any(phase(tmp_path, number) != "ready" for number in range(SHARDS)):
            assert time.monotonic() < deadline_s
            time.sleep(0.1)
        assert read_topic(kafka_address, f"{prefix}swipes") == []
        start_ns = time.monotonic_ns() + 500_000_000
        (tmp_path / "run-1" / GO_FILE).write_text(str(start_ns))
        ended = [(each.wait(60), each.stderr.read()) for each in senders if each.stderr]
    finally:
        for each in senders:
            each.kill()
    assert ended == [(0, "")] * SHARDS

    records = read_topic(kafka_address, f"{prefix}swipes")
    swipes = [record for record in records if record.key() != b"clock"]
    clocks = [record for record in records if record.key() == b"clock"]
    assert sorted(r.timestamp()[1] for r in swipes) == [START_MS + n for n in range(RECORDS)]
    # Each partition's event time is pushed on once, behind its last swipe.
    assert sorted(record.partition() for record in clocks) == [0, 1, 2, 3]
    last = {r.partition(): max(s.offset() for s in swipes if s.partition() == r.partition())
            for r in clocks}  # fmt: skip
    assert all(clock.offset() > last[clock.partition()] for clock in clocks)

    logs = [pq.read_table(shard_folder(tmp_path, "run-1", n) / "sends.parquet") for n in range(3)]
    owned = [set(log["partition"].to_pylist()) for log in logs]
    assert owned == [{0, 3}, {1}, {2}]
    assert all(log["intended_ns"].to_numpy().min() >= start_ns for log in logs)
    assert sum(log.num_rows for log in logs) == RECORDS
