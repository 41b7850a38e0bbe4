"""A hand-made run: honest unless a test breaks one thing of it.

    start + 0 ms      10 ms     20 ms  ...        one swipe each 10 ms, five cards in turn
    swipe 0           swipe 1   swipe 2
      +10 ms uncommitted, +80 ms committed

Swipe 7 comes late, 8 is a dead letter, 9 is a repeat of 4; each tenth swipe (20, 30, ...) is
flagged; one alert across cards. Cards 0..4 stand on partitions 0, 1, 0, 1, 0; a clock record
closes each partition.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from job.contracts import (
    Alert,
    ClockRecord,
    DeadLetter,
    Decision,
    Finding,
    LateSwipe,
    Swipe,
)

START_NS = 1_000_000_000_000
START_WALL_MS = 1_800_000_000_000
EVENT_START_MS = 1_700_000_000_000
STEP_MS = 10
UNCOMMITTED_MS = 10
COMMITTED_MS = 80
LATE, DEAD, REPEAT, REPEATED = 7, 8, 9, 4
PARTITIONS = 2

encode = msgspec.json.encode


def swipe_of(index: int, swipe_id: str | None = None) -> Swipe:
    return Swipe(
        swipe_id=swipe_id or f"s{index}",
        card_token=f"card{index % 5}",
        bin="400000",
        event_time_ms=EVENT_START_MS + index * STEP_MS,
        amount_minor=1000,
        currency="EUR",
        mcc="5411",
        merchant_id="m1",
        terminal_id="t1",
        country="DE",
        entry_mode="chip",
        response_code="00",
    )


def card_alert(swipe: Swipe, rule: str = "velocity") -> Alert:
    return Alert(
        v=1,
        alert_id=f"card:{swipe.swipe_id}",
        entity_type="card",
        entity_id=swipe.card_token,
        swipe_id=swipe.swipe_id,
        event_time_ms=swipe.event_time_ms,
        score=0.6,
        action="review",
        findings=[Finding(rule=rule, reason_code=rule.upper(), value=6, threshold=6, unit="x")],
    )


def window_alert(swipe_id: str = "s30", entity_id: str = "400000|m1") -> Alert:
    return Alert(
        v=1,
        alert_id=f"bin_attack:{entity_id}:{EVENT_START_MS}",
        entity_type="bin",
        entity_id=entity_id,
        swipe_id=swipe_id,
        event_time_ms=EVENT_START_MS + 300,
        score=0.8,
        action="review",
        findings=[
            Finding(rule="bin_attack", reason_code="BIN", value=12, threshold=12, unit="cards")
        ],
        window_start_ms=EVENT_START_MS,
        window_end_ms=EVENT_START_MS + 60_000,
    )


class Recording:
    """Rows of every file of a run folder, to be changed by a test and then written."""

    def __init__(self, folder: Path, swipes: int) -> None:
        self.folder = folder
        self.schedule: list[dict[str, Any]] = []
        self.sends: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.expected: list[dict[str, Any]] = []
        self.observed: list[dict[str, Any]] = []
        self.labels: list[dict[str, Any]] = []
        self.incidents: list[dict[str, Any]] = []
        self.floor = [
            {"sent_ns": START_NS + i * 20_000_000, "received_ns": START_NS + i * 20_000_000 + 2**21}
            for i in range(1_500)
        ]
        self.lag: list[dict[str, Any]] = []
        self.run: dict[str, Any] = {
            "run_id": "run-1",
            "commit": "abc",
            "machine": {"steal_share": 0.0},
            "settings": {"scenario": "geo_jump"},
        }
        self.manifest: dict[str, Any] = {
            "speedup": 1.0,
            "warm_up_ms": 500,
            "rate_per_min": 6000.0,
            "scenario": "geo_jump",
        }
        self.sends_json = {"start_monotonic_ns": START_NS, "start_wall_ms": START_WALL_MS}
        self.job: dict[str, Any] = {
            "complete": True,
            "restarts": 0,
            "failed_commits": 0,
            "cpu_s": {"taskmanager": 3.0},
        }
        self.without: set[str] = set()
        self._offsets = [0] * PARTITIONS
        self._outputs: dict[tuple[str, int], int] = {}
        self._judged: dict[str, int] = {}
        for index in range(swipes):
            self._add(index)
        self._write("alerts", encode(window_alert()), 0, -1, 300)
        for partition in range(PARTITIONS):
            clock = encode(ClockRecord(clock_time_ms=EVENT_START_MS + 10**6))
            row = {"partition": partition, "offset": self._offsets[partition]}
            self.sent.append(row | {"record_time_ms": 0, "key": b"", "value": clock})

    def _add(self, index: int) -> None:
        swipe = swipe_of(index)
        if index == REPEAT:
            swipe = swipe_of(REPEATED)
        partition = int(swipe.card_token[-1]) % PARTITIONS
        offset = self._offsets[partition]
        self._offsets[partition] += 1
        due_ns = START_NS + index * STEP_MS * 1_000_000
        self.schedule.append({"index": index, "due_us": index * STEP_MS * 1000})
        self.sends.append(
            {
                "index": index,
                "intended_ns": due_ns,
                "actual_ns": due_ns + 1_000_000,
                "delivered_ns": due_ns + 3_000_000,
                "partition": partition,
                "offset": offset,
                "error": None,
            }
        )
        value = b"{" if index == DEAD else encode(swipe)
        self.sent.append(
            {
                "partition": partition,
                "offset": offset,
                "record_time_ms": swipe.event_time_ms,
                "key": swipe.card_token.encode(),
                "value": value,
            }
        )
        if index != REPEAT:
            self.labels.append(
                {
                    "swipe_id": swipe.swipe_id,
                    "card_token": swipe.card_token,
                    "event_time_ms": swipe.event_time_ms,
                    "amount_minor": swipe.amount_minor,
                    "approved": True,
                    "is_fraud": False,
                    "scenario": "ordinary",
                    "role": "ordinary",
                    "incident_id": None,
                    "difficulty": None,
                    "merchant_id": "m1",
                    "bin": "400000",
                    "device_id": None,
                }
            )
        topic, record = self._output(index, swipe, partition, offset)
        self._write(topic, encode(record), partition, offset, index * STEP_MS)
        if isinstance(record, Decision) and record.action != "clear":
            self._write("alerts", encode(card_alert(swipe)), partition, offset, index * STEP_MS)

    def _output(self, index: int, swipe: Swipe, partition: int, offset: int) -> tuple[str, Any]:
        if index == LATE:
            return "late-swipes", LateSwipe(
                v=1, lateness_ms=31_000, partition=partition, offset=offset, swipe=swipe
            )
        if index == DEAD:
            return "dead-letters", DeadLetter(
                v=1,
                reason="not_json",
                detail="",
                topic="run-1.swipes",
                partition=partition,
                offset=offset,
                key=swipe.card_token,
                payload_base64="ew==",
            )
        flagged = index >= 20 and index % 10 == 0
        count = None
        if index != REPEAT:
            count = self._judged[swipe.card_token] = self._judged.get(swipe.card_token, 0) + 1
        return "decisions", Decision(
            v=1,
            swipe_id=swipe.swipe_id,
            card_token=swipe.card_token,
            event_time_ms=swipe.event_time_ms,
            fate="repeat" if index == REPEAT else "judged",
            score=0.6 if flagged else 0.0,
            action="review" if flagged else "clear",
            partition=partition,
            offset=offset,
            rules=["velocity"] if flagged else [],
            card_count=count,
        )

    def _write(self, topic: str, value: bytes, partition: int, offset: int, due_ms: int) -> None:
        self.expected.append(
            {"topic": topic, "key": "", "partition": partition, "offset": offset, "value": value}
        )
        self.emit(topic, value, partition, due_ms)

    def emit(
        self,
        topic: str,
        value: bytes,
        partition: int = 0,
        due_ms: int = 0,
        views: tuple[str, ...] = ("uncommitted", "committed"),
    ) -> None:
        """Let the job write one record, on the output partition of the same number."""
        offset = self._outputs.get((topic, partition), 0)
        self._outputs[topic, partition] = offset + 1
        for view in views:
            after_ms = UNCOMMITTED_MS if view == "uncommitted" else COMMITTED_MS
            self.observed.append(
                {
                    "view": view,
                    "topic": topic,
                    "partition": partition,
                    "offset": offset,
                    "record_time_ms": START_WALL_MS + due_ms + 8,
                    "received_ns": START_NS + (due_ms + after_ms) * 1_000_000,
                    "key": b"",
                    "value": value,
                }
            )

    def rows(self, topic: str, view: str | None = None) -> list[dict[str, Any]]:
        """Observed rows of a topic, in the order they were written."""
        return [
            row for row in self.observed if row["topic"] == topic and view in (None, row["view"])
        ]

    def drop(self, topic: str, index: int, views: tuple[str, ...]) -> dict[str, Any]:
        """The index-th record of a topic is never seen by these views; one of its rows."""
        record = self.rows(topic, "committed")[index]
        place = record["partition"], record["offset"]
        self.observed = [
            row
            for row in self.observed
            if not (
                row["topic"] == topic
                and (row["partition"], row["offset"]) == place
                and row["view"] in views
            )
        ]
        return record

    def change(self, topic: str, index: int, value: bytes) -> None:
        """The index-th record of a topic says something else."""
        record = self.rows(topic, "committed")[index]
        for row in self.rows(topic):
            if (row["partition"], row["offset"]) == (record["partition"], record["offset"]):
                row["value"] = value

    def write(self) -> Path:
        """Write the run folder."""
        recorded, replay = self.folder / "history", self.folder / "replay"
        recorded.mkdir(parents=True, exist_ok=True)
        replay.mkdir(exist_ok=True)
        for file, content in {
            self.folder / "run.json": self.run,
            self.folder / "sends.json": self.sends_json,
            replay / "manifest.json": self.manifest,
            recorded / "job.json": self.job,
        }.items():
            if file.name not in self.without:
                file.write_bytes(encode(content))
        for file, rows, schema in (
            (self.folder / "sends.parquet", self.sends, SENDS),
            (recorded / "sent.parquet", self.sent, SENT),
            (recorded / "expected.parquet", self.expected, EXPECTED),
            (recorded / "observed.parquet", self.observed, OBSERVED),
            (recorded / "floor.parquet", self.floor, FLOOR),
            (recorded / "lag.parquet", self.lag, LAG),
            (replay / "records.parquet", self.schedule, SCHEDULE),
            (replay / "labels.parquet", self.labels, LABELS),
            (replay / "incidents.parquet", self.incidents, INCIDENTS),
        ):
            if file.name not in self.without:
                pq.write_table(pa.Table.from_pylist(rows, schema=schema), file)
        return self.folder


def _schema(**types: pa.DataType) -> pa.Schema:
    return pa.schema(list(types.items()))


I64, I32, TEXT, BYTES = pa.int64(), pa.int32(), pa.string(), pa.binary()
SENDS = _schema(
    index=I64,
    intended_ns=I64,
    actual_ns=I64,
    delivered_ns=I64,
    partition=I32,
    offset=I64,
    error=TEXT,
)
SCHEDULE = _schema(index=I64, due_us=I64)
SENT = _schema(partition=I32, offset=I64, record_time_ms=I64, key=BYTES, value=BYTES)
EXPECTED = _schema(topic=TEXT, key=TEXT, partition=I32, offset=I64, value=BYTES)
OBSERVED = _schema(
    view=TEXT,
    topic=TEXT,
    partition=I32,
    offset=I64,
    record_time_ms=I64,
    received_ns=I64,
    key=BYTES,
    value=BYTES,
)
FLOOR = _schema(sent_ns=I64, received_ns=I64)
LAG = _schema(time_ns=I64, end_offset_sum=I64, read_offset_sum=I64)
LABELS = _schema(
    swipe_id=TEXT,
    card_token=TEXT,
    event_time_ms=I64,
    amount_minor=I64,
    approved=pa.bool_(),
    is_fraud=pa.bool_(),
    scenario=TEXT,
    role=TEXT,
    incident_id=TEXT,
    difficulty=TEXT,
    merchant_id=TEXT,
    bin=TEXT,
    device_id=TEXT,
)
INCIDENTS = _schema(
    incident_id=TEXT,
    scenario=TEXT,
    role=TEXT,
    difficulty=TEXT,
    entity_type=TEXT,
    entity_id=TEXT,
    first_event_time_ms=I64,
    last_event_time_ms=I64,
    swipe_count=I64,
    amount_minor=I64,
)


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., Recording]:
    """Make a recording of so many swipes in its own folder."""

    def make(swipes: int = 1200, name: str = "run-1") -> Recording:
        return Recording(tmp_path / name, swipes)

    return make


@pytest.fixture
def recording(record: Callable[..., Recording]) -> Recording:
    """An honest run of 1,200 swipes in 12 seconds."""
    return record()
