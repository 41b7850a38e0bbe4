"""Does a run see several senders elsewhere as one, and does it notice when one of them fails?"""

from __future__ import annotations

import json
import time

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from generator.rendezvous import GO_FILE, ORDER_FILE, refuse, shard_folder, take_order
from generator.send import PROGRESS_FILE, SendProgress
from generator.send_log import SENDS_SCHEMA, SendSummary, Slip, write_send_log
from workbench import sharded_sending
from workbench.children import ChildFailed
from workbench.sharded_sending import ShardedSending

RUN = "run-1"
SLIP = Slip(samples=0, p50_ms=0, p99_ms=0, p999_ms=0, max_ms=0)


@pytest.fixture
def sending(tmp_path):
    (tmp_path / "run").mkdir()
    made = ShardedSending(tmp_path, RUN, tmp_path / "run", tmp_path / "replay", 2, 60_000)
    for number in range(2):
        take_order(tmp_path, number, 2, 0.0)
    return made


def say(folder, number, phase, *, sent=0, ago_s=0.0):
    progress = SendProgress(
        phase=phase,
        records=10,
        sent=sent,
        delivered=sent,
        time_ns=time.monotonic_ns() - int(ago_s * 1e9),
        replay="r",
    )
    file = shard_folder(folder, RUN, number) / PROGRESS_FILE
    file.write_bytes(msgspec.json.encode(progress))


def write_log(folder, number, start_ns, indices):
    rows = [
        {
            "index": index,
            "intended_ns": start_ns + index * 1_000_000,
            "actual_ns": start_ns + index * 1_000_000 + 2_000_000 * number,
            "delivered_ns": start_ns + index * 1_000_000 + 5_000_000,
            "partition": number,
            "offset": position,
            "error": None,
        }
        for position, index in enumerate(indices)
    ]
    summary = SendSummary(
        start_monotonic_ns=start_ns,
        start_wall_ms=1,
        records=len(rows),
        sent=len(rows),
        delivered=len(rows),
        failed=0,
        complete=True,
        stopped=False,
        slip=SLIP,
        delivery=SLIP,
        first_error=None,
        cpu_s=0.5,
        profiles=0,
        settings={"shard": number},
    )
    table = pa.Table.from_pylist(rows, schema=SENDS_SCHEMA)
    write_send_log(shard_folder(folder, RUN, number), table, summary)


def test_all_get_the_same_start_once_the_last_is_ready(sending, tmp_path):
    go = tmp_path / RUN / GO_FILE
    say(tmp_path, 0, "ready")
    say(tmp_path, 1, "loading")
    assert sending.poll() is None
    assert not go.exists()
    say(tmp_path, 1, "ready")
    assert sending.poll() is None
    start_ns = int(go.read_text())
    assert 0 < start_ns - time.monotonic_ns() < 1e9
    assert sending.poll() is None
    assert int(go.read_text()) == start_ns
    assert not (tmp_path / ORDER_FILE).exists()


def test_the_log_of_all_is_one_in_the_replays_order(sending, tmp_path):
    for number, indices in enumerate([[0, 3], [1, 2]]):
        say(tmp_path, number, "done", sent=2)
        write_log(tmp_path, number, 1_000, indices)
    assert sending.poll() == 0
    table = pq.read_table(tmp_path / "run" / "sends.parquet")
    summary = json.loads((tmp_path / "run" / "sends.json").read_text())
    assert table["index"].to_pylist() == [0, 1, 2, 3]
    assert table["partition"].to_pylist() == [0, 1, 1, 0]
    assert (summary["records"], summary["delivered"], summary["cpu_s"]) == (4, 4, 1.0)
    assert summary["start_monotonic_ns"] == 1_000
    # Of all records, not an average of the shards: two of the four were 2 ms late.
    assert summary["slip"]["samples"] == 4
    assert summary["slip"]["max_ms"] == 2.0
    progress = msgspec.json.decode(
        (tmp_path / "run" / PROGRESS_FILE).read_bytes(), type=SendProgress
    )
    assert (progress.phase, progress.sent) == ("done", 4)


@pytest.mark.parametrize(
    ("starts", "indices", "said"),
    [
        ((1_000, 2_000), ([0], [1]), "did not begin at the same moment"),
        ((1_000, 1_000), ([0, 1], [1, 2]), "their shards overlap"),
    ],
)
def test_logs_that_contradict_each_other_are_refused(sending, tmp_path, starts, indices, said):
    for number in range(2):
        say(tmp_path, number, "done")
        write_log(tmp_path, number, starts[number], indices[number])
    with pytest.raises(ChildFailed, match=said):
        sending.poll()


def test_a_sender_that_fails_ends_the_run(sending, tmp_path):
    say(tmp_path, 0, "sending")
    say(tmp_path, 1, "failed")
    with pytest.raises(ChildFailed, match="shard 1 failed"):
        sending.require_alive()


def test_a_sender_that_refuses_says_why(tmp_path):
    (tmp_path / "run").mkdir()
    sending = ShardedSending(tmp_path, RUN, tmp_path / "run", tmp_path / "replay", 2, 60_000)
    asked = take_order(tmp_path, 1, 2, 0.0)
    refuse(tmp_path, asked, 1, "no broker answers")
    with pytest.raises(ChildFailed, match="shard 1 is not sent: no broker answers"):
        sending.poll()


def test_a_sender_that_falls_silent_is_noticed(sending, tmp_path):
    say(tmp_path, 0, "sending")
    say(tmp_path, 1, "sending", ago_s=sharded_sending.SILENCE_S + 1)
    with pytest.raises(ChildFailed, match="shard 1 said nothing for 31 s"):
        sending.poll()


def test_senders_that_never_come_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(sharded_sending, "READY_TIMEOUT_S", -1.0)
    (tmp_path / "run").mkdir()
    sending = ShardedSending(tmp_path, RUN, tmp_path / "run", tmp_path / "replay", 2, 60_000)
    take_order(tmp_path, 0, 2, 0.0)
    say(tmp_path, 0, "ready")
    with pytest.raises(ChildFailed, match="shards 1 did not come"):
        sending.poll()


def test_what_is_shared_is_taken_away_at_the_end(sending, tmp_path):
    say(tmp_path, 0, "ready")
    sending.stop()
    assert not (tmp_path / ORDER_FILE).exists()
    assert not (tmp_path / RUN).exists()
