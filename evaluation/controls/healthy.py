"""What does a healthy run look like, where none was recorded?

The swipes are a real replay's, and what was decided on them is what the job's own engine decides.
Only *when* things happened is made up: sends, receipts, commits and the round trips of the floor
are drawn from the distributions below, with a fixed seed. They stand for a healthy run on a quiet
machine. No figure of such a history says anything about the job's speed; it is there to be broken.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from evaluation.collect import LAG_SCHEMA
from evaluation.floor import INTERVAL_MS
from evaluation.history import Int64s, integers
from evaluation.observed_file import OBSERVED_SCHEMA
from generator.send_log import SENDS_SCHEMA

SEED: Final = 20_240_801
#: Microsecond 0 of the schedule on the monotonic clock; any would do.
START_NS: Final = 1_000_000_000_000
_MS: Final = 1_000_000
#: Between commits, as the job's own default.
CHECKPOINT_NS: Final = 100 * _MS
#: Medians in ms and shapes (sigma) of log-normal delays. Choices, after runs on an idle machine.
SLIP: Final = (0.5, 0.4)
TO_KAFKA: Final = (4.0, 0.3)
DECIDED: Final = (9.0, 0.35)
COMMITTED: Final = (15.0, 0.3)
ROUND_TRIP: Final = (2.0, 0.4)


def write_healthy_run(folder: Path, replay: Path, run_id: str) -> None:
    """Write the files of a run around ``history/sent.parquet`` and ``history/expected.parquet``.

    Parameters
    ----------
    folder
        With those two files; ``sent.parquet`` has the replay's ``index`` of each record.
    replay
        The replay's folder.
    run_id
        What the run is called.
    """
    rng = np.random.default_rng(SEED)
    history = folder / "history"
    sent = pq.read_table(history / "sent.parquet", columns=["index", "partition", "offset"])
    sent = sent.sort_by("index")
    due_ns = (
        integers(pq.read_table(replay / "records.parquet", columns=["due_us"]), "due_us") * 1000
    )
    sends = _sends(rng, sent, START_NS + due_ns)
    pq.write_table(sends, folder / "sends.parquet")
    observed = _observed(rng, pq.read_table(history / "expected.parquet"), sends)
    pq.write_table(observed, history / "observed.parquet")
    end_ns = int(sends.column("intended_ns").to_numpy()[-1])
    pq.write_table(_floor(rng, end_ns), history / "floor.parquet")
    pq.write_table(_lag(sends, end_ns), history / "lag.parquet")
    _facts(folder, replay, run_id, commits=(end_ns - START_NS) // CHECKPOINT_NS)


def _delays(rng: np.random.Generator, shape: tuple[float, float], count: int) -> Int64s:
    """Log-normal delays, ns."""
    median_ms, sigma = shape
    delays: NDArray[np.float64] = rng.lognormal(np.log(median_ms * _MS), sigma, count)
    return delays.astype(np.int64)


def _sends(rng: np.random.Generator, sent: pa.Table, intended_ns: Int64s) -> pa.Table:
    count = len(sent)
    actual_ns = intended_ns + _delays(rng, SLIP, count)
    columns = {
        "index": sent.column("index"),
        "intended_ns": intended_ns,
        "actual_ns": actual_ns,
        "delivered_ns": actual_ns + _delays(rng, TO_KAFKA, count),
        "partition": sent.column("partition"),
        "offset": sent.column("offset"),
        "error": pa.nulls(count, pa.string()),
    }
    return pa.table(columns, schema=SENDS_SCHEMA)


def _observed(rng: np.random.Generator, expected: pa.Table, sends: pa.Table) -> pa.Table:
    """Both views of all outputs: an output partition holds the swipes of its source partition."""
    row = _send_of(expected, sends)
    partition = integers(sends, "partition")[row]
    decided_ns = integers(sends, "delivered_ns") + _delays(rng, DECIDED, len(sends))
    uncommitted_ns = _in_order(decided_ns[row], partition)
    commit_ns = -(-uncommitted_ns // CHECKPOINT_NS) * CHECKPOINT_NS
    # All of a transaction becomes visible with its commit.
    waits = _delays(rng, COMMITTED, int((commit_ns.max() - START_NS) // CHECKPOINT_NS) + 1)
    committed_ns = commit_ns + waits[(commit_ns - START_NS) // CHECKPOINT_NS]
    topics = expected.column("topic").to_pylist()
    views = {"uncommitted": uncommitted_ns, "committed": _in_order(committed_ns, partition)}
    tables = [
        pa.table(
            {
                "view": pa.array([view] * len(row), pa.string()),
                "topic": expected.column("topic"),
                "partition": pa.array(partition, pa.int32()),
                "offset": _offsets(topics, partition),
                "record_time_ms": (uncommitted_ns - START_NS) // _MS,
                "received_ns": received_ns,
                "key": expected.column("key").cast(pa.binary()),
                "value": expected.column("value"),
            },
            schema=OBSERVED_SCHEMA,
        )
        for view, received_ns in views.items()
    ]
    return pa.concat_tables(tables)


def _send_of(expected: pa.Table, sends: pa.Table) -> Int64s:
    """Row of the send behind each output; what has no source of its own follows the one before."""
    places = zip(
        integers(sends, "partition").tolist(), integers(sends, "offset").tolist(), strict=True
    )
    row_of = {place: row for row, place in enumerate(places)}
    rows, last = [], 0
    for place in zip(
        integers(expected, "partition").tolist(), integers(expected, "offset").tolist(), strict=True
    ):
        last = row_of.get(place, last)
        rows.append(last)
    return np.array(rows, dtype=np.int64)


def _in_order(times_ns: Int64s, partition: Int64s) -> Int64s:
    """Times that never go back within a partition: a later record is not seen before."""
    ordered = times_ns.copy()
    for number in np.unique(partition).tolist():
        own = partition == number
        ordered[own] = np.maximum.accumulate(times_ns[own])
    return ordered


def _offsets(topics: list[str], partition: Int64s) -> Int64s:
    counts: dict[tuple[str, int], int] = {}
    offsets = []
    for place in zip(topics, partition.tolist(), strict=True):
        offsets.append(counts.get(place, 0))
        counts[place] = offsets[-1] + 1
    return np.array(offsets, dtype=np.int64)


def _floor(rng: np.random.Generator, end_ns: int) -> pa.Table:
    sent_ns = np.arange(START_NS, end_ns, INTERVAL_MS * _MS, dtype=np.int64)
    return pa.table(
        {"sent_ns": sent_ns, "received_ns": sent_ns + _delays(rng, ROUND_TRIP, len(sent_ns))}
    )


def _lag(sends: pa.Table, end_ns: int) -> pa.Table:
    """What was on the topic every 500 ms; the job has read what was there 50 ms before."""
    times_ns = np.arange(START_NS, end_ns, 500 * _MS, dtype=np.int64)
    delivered_ns = np.sort(integers(sends, "delivered_ns"))
    columns: dict[str, Any] = dict.fromkeys(LAG_SCHEMA.names, pa.nulls(len(times_ns), pa.int64()))
    columns |= {
        "time_ns": times_ns,
        "end_offset_sum": np.searchsorted(delivered_ns, times_ns),
        "read_offset_sum": np.searchsorted(delivered_ns, times_ns - 50 * _MS),
    }
    return pa.table(columns, schema=LAG_SCHEMA)


def _facts(folder: Path, replay: Path, run_id: str, commits: int) -> None:
    files: dict[Path, dict[str, Any]] = {
        folder / "run.json": {
            "run_id": run_id,
            "settings": {"times": "drawn from distributions, not measured"},
            "machine": {"steal_share": 0.0},
            "replay": {"path": os.path.relpath(replay, folder)},
        },
        folder / "sends.json": {"start_monotonic_ns": START_NS, "start_wall_ms": 0},
        folder / "history" / "job.json": {
            "complete": True,
            "restarts": 0,
            "failed_commits": 0,
            "checkpoint_counts": {"completed": commits, "failed": 0},
        },
    }
    for file, content in files.items():
        file.write_bytes(msgspec.json.encode(content))
