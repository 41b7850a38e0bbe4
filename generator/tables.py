"""Which tables does a replay's folder hold, and what is in their columns?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from generator.disturb import Record
from generator.mixing import I64
from generator.settings import ReplaySettings
from generator.traffic import LabelledSwipe, PlannedIncident
from job.contracts import APPROVED, FraudReport, Swipe

_STRING, _INT64, _BOOL = pa.string(), pa.int64(), pa.bool_()

RECORDS: Final = pa.schema(
    [
        pa.field("index", _INT64, nullable=False),
        pa.field("due_us", _INT64, nullable=False),
        pa.field("record_time_ms", _INT64, nullable=False),
        ("key", _STRING),
        ("value", pa.binary()),
        ("swipe_id", _STRING),
        pa.field("disturbance", _STRING, nullable=False),
    ]
)
LABELS: Final = pa.schema(
    [
        ("swipe_id", _STRING),
        ("card_token", _STRING),
        ("event_time_ms", _INT64),
        ("amount_minor", _INT64),
        ("approved", _BOOL),
        ("is_fraud", _BOOL),
        ("scenario", _STRING),
        ("role", _STRING),
        ("incident_id", _STRING),
        ("difficulty", _STRING),
        ("merchant_id", _STRING),
        ("bin", _STRING),
        ("device_id", _STRING),
    ]
)
INCIDENTS: Final = pa.schema(
    [
        ("incident_id", _STRING),
        ("scenario", _STRING),
        ("role", _STRING),
        ("difficulty", _STRING),
        ("entity_type", _STRING),
        ("entity_id", _STRING),
        ("first_event_time_ms", _INT64),
        ("last_event_time_ms", _INT64),
        ("swipe_count", _INT64),
        ("amount_minor", _INT64),
    ]
)
REPORTS: Final = pa.schema(
    [
        pa.field("index", _INT64, nullable=False),
        pa.field("due_us", _INT64, nullable=False),
        pa.field("record_time_ms", _INT64, nullable=False),
        pa.field("key", _STRING, nullable=False),
        pa.field("value", pa.binary(), nullable=False),
    ]
)
PROFILES: Final = pa.schema(
    [
        pa.field("card_token", _STRING, nullable=False),
        pa.field("value", pa.binary(), nullable=False),
    ]
)
_SWIPE_TYPES: Final[dict[str, Any]] = {
    "v": _INT64,
    "event_time_ms": _INT64,
    "amount_minor": _INT64,
    "latitude": pa.float64(),
    "longitude": pa.float64(),
}
SWIPES: Final = pa.schema(
    [(name, _SWIPE_TYPES.get(name, _STRING)) for name in Swipe.__struct_fields__]
)


def write(folder: Path, name: str, table: Any) -> None:
    """Write one table as ``name.parquet``."""
    pq.write_table(table, folder / f"{name}.parquet", compression="zstd")


def records_table(records: list[Record], due_us: I64) -> Any:
    """One row for each record, in send order."""
    columns = [
        list(range(len(records))),
        due_us.tolist(),
        [record.record_time_ms for record in records],
        [record.key for record in records],
        [record.value for record in records],
        [record.swipe_id for record in records],
        [record.disturbance for record in records],
    ]
    return pa.table(columns, schema=RECORDS)


def reports_table(reports: list[FraudReport], replay: ReplaySettings) -> Any:
    """One row for each fraud report, by the time it was made."""
    start_ms = replay.event_time_start_ms
    columns: list[list[Any]] = [
        list(range(len(reports))),
        [round((one.reported_ms - start_ms) * 1_000 / replay.speedup) for one in reports],
        [one.reported_ms for one in reports],
        [one.card_token for one in reports],
        [msgspec.json.encode(one) for one in reports],
    ]
    return pa.table(columns, schema=REPORTS)


def swipes_table(labelled: list[LabelledSwipe]) -> Any:
    """The swipes as columns."""
    swipes = [one.swipe for one in labelled]
    columns = [[getattr(swipe, name) for swipe in swipes] for name in SWIPES.names]
    return pa.table(columns, schema=SWIPES)


def labels_table(labelled: list[LabelledSwipe]) -> Any:
    """The truth, one row for each swipe."""
    columns: list[list[Any]] = [
        [one.swipe.swipe_id for one in labelled],
        [one.swipe.card_token for one in labelled],
        [one.swipe.event_time_ms for one in labelled],
        [one.swipe.amount_minor for one in labelled],
        [one.swipe.response_code in APPROVED for one in labelled],
        [one.role == "attack" for one in labelled],
        [one.scenario for one in labelled],
        [one.role for one in labelled],
        [one.incident_id for one in labelled],
        [one.difficulty for one in labelled],
        [one.swipe.merchant_id for one in labelled],
        [one.swipe.bin for one in labelled],
        [one.swipe.device_id for one in labelled],
    ]
    return pa.table(columns, schema=LABELS)


def incidents_table(incidents: list[PlannedIncident], start_ms: int) -> Any:
    """One row for each incident, over its marked swipes that are sent; earlier ones are history."""
    rows = []
    for one in incidents:
        marked = [
            swipe
            for swipe in one.incident.swipes
            if swipe.role != "ordinary" and swipe.event_time_ms + swipe.arrival_delay_ms >= start_ms
        ]
        times = [swipe.event_time_ms for swipe in marked]
        rows.append(
            {
                "incident_id": one.incident_id,
                "scenario": one.scenario,
                "role": one.role,
                "difficulty": one.difficulty,
                "entity_type": one.incident.entity_type,
                "entity_id": one.incident.entity_id,
                "first_event_time_ms": min(times),
                "last_event_time_ms": max(times),
                "swipe_count": len(marked),
                "amount_minor": sum(swipe.amount_minor for swipe in marked),
            }
        )
    return pa.Table.from_pylist(rows, schema=INCIDENTS)


def write_profiles(folder: Path, profiles: Iterator[tuple[str, bytes]], batch: int) -> None:
    """Write the profiles, a batch at a time, since all of them at once are large."""
    with pq.ParquetWriter(folder / "profiles.parquet", PROFILES, compression="zstd") as writer:
        rows: list[tuple[str, bytes]] = []
        for row in profiles:
            rows.append(row)
            if len(rows) == batch:
                writer.write_table(_profiles_table(rows))
                rows = []
        writer.write_table(_profiles_table(rows))


def _profiles_table(rows: list[tuple[str, bytes]]) -> Any:
    return pa.table([[token for token, _ in rows], [value for _, value in rows]], schema=PROFILES)


def merchants_rows(labelled: list[LabelledSwipe], names: list[str]) -> list[dict[str, Any]]:
    """The merchants of the swipes, the busiest first, each with a name for people."""
    counts = Counter(one.swipe.merchant_id for one in labelled)
    first = {one.swipe.merchant_id: one.swipe for one in reversed(labelled)}
    rows: list[dict[str, Any]] = []
    for number, (merchant_id, count) in enumerate(counts.most_common()):
        swipe = first[merchant_id]
        rows.append(
            {
                "merchant_id": merchant_id,
                "name": f"{names[number % len(names)]} {number // len(names) + 1}",
                "mcc": swipe.mcc,
                "country": swipe.country,
                "is_online": swipe.entry_mode in ("ecommerce", "recurring"),
                "swipe_count": count,
            }
        )
    return rows


def json_bytes(value: Any) -> bytes:
    """JSON for people: indented."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2)
