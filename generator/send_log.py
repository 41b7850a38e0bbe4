"""How punctual was the sender, and where is that written down?

``sends.parquet`` has one row for each record that was handed to the Kafka client, in the order of
the replay; ``sends.json`` the settings, the start and the slip.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hdrh.histogram import HdrHistogram

from generator.pacing import SendRecord
from generator.whole_file import whole_file, write_whole

_HIGHEST_SLIP_US: Final = 3_600_000_000
_DIGITS: Final = 3

SENDS_SCHEMA: Final = pa.schema(
    [
        ("index", pa.int64()),
        ("intended_ns", pa.int64()),
        ("actual_ns", pa.int64()),
        ("delivered_ns", pa.int64()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("error", pa.string()),
    ]
)


class Slip(msgspec.Struct, frozen=True, kw_only=True):
    """How far the sender was behind its schedule, in milliseconds (HDR histogram, 3 digits)."""

    samples: int
    p50_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float


class SendSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What ``sends.json`` holds.

    Attributes
    ----------
    start_monotonic_ns, start_wall_ms
        Microsecond 0 of the schedule, on both clocks of this machine.
    records, sent, delivered, failed
        In the replay; handed to the client; confirmed by Kafka; given up.
    complete
        Whether every record of the replay was delivered.
    stopped
        Whether a signal ended it early.
    slip, delivery
        Actual behind intended send; delivery report behind actual send.
    first_error
        Of the records given up.
    cpu_s
        Of the sending processes from the start on, in seconds; loading not included.
    profiles
        Card profiles sent before the start.
    settings
        Of the sender and its Kafka client.
    """

    start_monotonic_ns: int
    start_wall_ms: int
    records: int
    sent: int
    delivered: int
    failed: int
    complete: bool
    stopped: bool
    slip: Slip
    delivery: Slip
    first_error: str | None
    cpu_s: float
    profiles: int
    settings: dict[str, Any]


def percentiles(late_ns: np.ndarray[Any, np.dtype[np.int64]]) -> Slip:
    """Summarise delays.

    Parameters
    ----------
    late_ns
        One value a record, nanoseconds. Below 0 counts as 0, above an hour as an hour.
    """
    histogram = HdrHistogram(1, _HIGHEST_SLIP_US, _DIGITS)
    late_us = np.clip(late_ns // 1000, 0, _HIGHEST_SLIP_US)
    for value_us, count in zip(*np.unique(late_us, return_counts=True), strict=True):
        histogram.record_value(int(value_us), int(count))

    def at(percent: float) -> float:
        return float(histogram.get_value_at_percentile(percent)) / 1000 if late_us.size else 0.0

    return Slip(
        samples=int(late_us.size),
        p50_ms=at(50.0),
        p99_ms=at(99.0),
        p999_ms=at(99.9),
        max_ms=float(late_us.max()) / 1000 if late_us.size else 0.0,
    )


def sends_table(
    start_ns: int, parts: Sequence[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], SendRecord]]
) -> pa.Table:
    """Put what the workers sent into one table, in the order of the replay.

    Parameters
    ----------
    start_ns
        ``time.monotonic_ns`` of microsecond 0 of the schedule.
    parts
        Of each worker: index, due_us and what happened.
    """
    tables = [_part(start_ns, index, due_us, record) for index, due_us, record in parts]
    return pa.concat_tables(tables).sort_by("index")


def _part(
    start_ns: int, index: np.ndarray[Any, Any], due_us: np.ndarray[Any, Any], record: SendRecord
) -> pa.Table:
    sent = record.sent
    errors: list[str | None] = [None] * sent
    for position, error in record.errors.items():
        errors[position] = error
    return pa.table(
        [
            pa.array(index[:sent]),
            pa.array(start_ns + due_us[:sent] * 1000),
            pa.array(np.frombuffer(record.actual_ns, np.int64)[:sent]),
            pa.array(np.frombuffer(record.delivered_ns, np.int64)[:sent]),
            pa.array(np.frombuffer(record.partition, np.int64)[:sent].astype(np.int32)),
            pa.array(np.frombuffer(record.offset, np.int64)[:sent]),
            pa.array(errors, pa.string()),
        ],
        schema=SENDS_SCHEMA,
    )


def slip_of(table: pa.Table) -> tuple[Slip, Slip]:
    """Slip (actual behind intended) and delivery (report behind actual) of a send log."""
    actual, delivered = table["actual_ns"].to_numpy(), table["delivered_ns"].to_numpy()
    arrived = delivered > 0
    return (
        percentiles(actual - table["intended_ns"].to_numpy()),
        percentiles(delivered[arrived] - actual[arrived]),
    )


def write_send_log(folder: Path, table: pa.Table, summary: SendSummary) -> None:
    """Write ``sends.parquet`` and ``sends.json``, each at once."""
    with whole_file(folder / "sends.parquet") as partial:
        pq.write_table(table, partial, compression="zstd")
    write_whole(folder / "sends.json", msgspec.json.format(msgspec.json.encode(summary)))
