"""The schedule is open loop, and its log says what happened."""

from __future__ import annotations

import json
from array import array
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from generator.kafka_client import parse_settings
from generator.pacing import SendRecord
from generator.send_log import SENDS_SCHEMA, percentiles, sends_table
from generator.whole_file import whole_file


def _record(actual: list[int], delivered: list[int], sent: int) -> SendRecord:
    nowhere = array("q", [-1] * len(actual))
    return SendRecord(array("q", actual), array("q", delivered), nowhere, nowhere[:], sent=sent)


def test_intended_times_follow_the_schedule_whatever_the_actual_ones_were() -> None:
    late = _record([5_000_000_000, 5_000_000_001], [0, 0], sent=2)
    table = sends_table(1_000, [(np.array([0, 1]), np.array([0, 600]), late)])
    assert table["intended_ns"].to_pylist() == [1_000, 601_000]
    assert table["actual_ns"].to_pylist() == [5_000_000_000, 5_000_000_001]


def test_the_log_of_several_workers_is_in_the_order_of_the_replay() -> None:
    even = _record([1, 3], [2, 4], sent=2)
    odd = _record([2, 4], [3, 5], sent=2)
    table = sends_table(
        0,
        [(np.array([0, 2]), np.array([0, 2]), even), (np.array([1, 3]), np.array([1, 3]), odd)],
    )
    assert table["index"].to_pylist() == [0, 1, 2, 3]
    assert table.schema == SENDS_SCHEMA


def test_what_was_not_sent_is_not_in_the_log() -> None:
    half = _record([7, 0], [8, 0], sent=1)
    table = sends_table(0, [(np.array([0, 1]), np.array([0, 1]), half)])
    assert table["index"].to_pylist() == [0]


def test_slip_percentiles_count_every_record() -> None:
    late_ns = np.array([1_000_000] * 99 + [50_000_000], dtype=np.int64)
    slip = percentiles(late_ns)
    assert slip.samples == 100
    assert slip.p50_ms == pytest.approx(1.0, rel=1e-3)
    assert slip.max_ms == 50.0


def test_no_records_have_no_slip() -> None:
    assert percentiles(np.array([], dtype=np.int64)).samples == 0


def test_a_kafka_setting_without_equals_is_named() -> None:
    with pytest.raises(ValueError, match=r"'linger'.*linger\.ms=5"):
        parse_settings(["linger"])


def test_a_file_whose_writing_fails_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "sends.json"
    target.write_text(json.dumps({"old": 1}))

    def write_half() -> None:
        with whole_file(target) as partial:
            partial.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert json.loads(target.read_text()) == {"old": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["sends.json"]


def test_an_empty_log_can_be_read(tmp_path: Path) -> None:
    table = sends_table(0, [(np.array([], np.int64), np.array([], np.int64), _record([], [], 0))])
    pq.write_table(table, tmp_path / "sends.parquet")
    assert pq.read_table(tmp_path / "sends.parquet").num_rows == 0
