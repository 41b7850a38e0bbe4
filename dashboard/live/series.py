"""How do rates, lag and latency of a run under way develop?"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import streamlit as st

from dashboard.live.watched import Watched
from evaluation.glance import LoadPoint, SeenDecision

#: Latency percentiles are of the decisions received in so many seconds. A choice.
WINDOW_S: Final = 10.0
_STEP_S: Final = 2.0
#: Decisions that a window needs for its percentiles. A choice.
_SAMPLES_MIN: Final = 50
#: Above so many records, the schedule of the replay is not read: it would take memory from the run.
_MOST_RECORDS: Final = 5_000_000
_NANOS_PER_S: Final = 1e9


def load_series(watched: Watched) -> pd.DataFrame:
    """Rates and lag by second of the schedule.

    Returns
    -------
    pandas.DataFrame
        Columns second, offered_per_s, achieved_per_s, undecided, unread (None where not known).
    """
    columns = ["second", "offered_per_s", "achieved_per_s", "undecided", "unread"]
    start_ns = watched.start_ns
    points = [] if watched.glance is None else watched.glance.load
    if start_ns is None:
        return pd.DataFrame(columns=columns)
    points = [point for point in points if point.time_ns >= start_ns]
    rows = [
        _rates(before, point, start_ns)
        for before, point in itertools.pairwise(points)
        if point.time_ns > before.time_ns
    ]
    return pd.DataFrame(rows, columns=columns)


def _rates(before: LoadPoint, point: LoadPoint, start_ns: int) -> dict[str, Any]:
    seconds = (point.time_ns - before.time_ns) / _NANOS_PER_S
    return {
        "second": (point.time_ns - start_ns) / _NANOS_PER_S,
        "offered_per_s": (point.swipes - before.swipes) / seconds,
        "achieved_per_s": (point.fates_uncommitted - before.fates_uncommitted) / seconds,
        "undecided": max(point.swipes - point.fates_uncommitted, 0),
        "unread": None if point.read is None else max(point.swipes - point.read, 0),
    }


def latency_series(watched: Watched) -> pd.DataFrame:
    """Percentiles of the decisions of the last seconds, by view.

    Returns
    -------
    pandas.DataFrame
        Columns view, second, percentile, latency_ms, samples.
    """
    columns = ["view", "second", "percentile", "latency_ms", "samples"]
    schedule = _schedule_of(watched)
    if watched.glance is None or watched.start_ns is None or schedule is None:
        return pd.DataFrame(columns=columns)
    rows: list[dict[str, Any]] = []
    for view, decisions in watched.glance.decisions.items():
        second, latency_ms = _latencies(decisions, schedule, watched.start_ns)
        rows += _windows(view, second, latency_ms)
    return pd.DataFrame(rows, columns=columns)


def _latencies(
    decisions: list[SeenDecision], schedule: pd.Series[int], start_ns: int
) -> tuple[Any, Any]:
    """Seconds of receipt and latencies, ms, of those that are in the schedule."""
    places = schedule.index.get_indexer(pd.Index([each.swipe_id for each in decisions]))
    received_ns = np.array([each.received_ns for each in decisions], dtype=np.int64)
    found = places >= 0
    due_us = schedule.to_numpy()[places[found]]
    since_start_ns = received_ns[found] - start_ns
    return since_start_ns / _NANOS_PER_S, since_start_ns / 1e6 - due_us / 1e3


def _windows(view: str, second: Any, latency_ms: Any) -> list[dict[str, Any]]:
    if not len(second):
        return []
    rows = []
    for end in np.arange(second.min() + _STEP_S, second.max() + _STEP_S, _STEP_S):
        inside = latency_ms[(second > end - WINDOW_S) & (second <= end)]
        if len(inside) < _SAMPLES_MIN:
            continue
        for name, percentile in (("p50", 50), ("p90", 90), ("p99", 99)):
            rows.append(
                {
                    "view": view,
                    "second": min(float(end), float(second.max())),
                    "percentile": name,
                    "latency_ms": float(np.percentile(inside, percentile)),
                    "samples": len(inside),
                }
            )
    return rows


def _schedule_of(watched: Watched) -> pd.Series[int] | None:
    replay = "" if watched.progress is None else watched.progress.replay
    file = Path(replay) / "records.parquet"
    if not replay or not file.is_file():
        return None
    try:
        return _schedule(str(file), file.stat().st_mtime_ns)
    except (OSError, pa.ArrowException):
        return None


@st.cache_resource(show_spinner=False, max_entries=1)
def _schedule(file: str, changed_ns: int) -> pd.Series[int] | None:  # noqa: ARG001 - part of the cache's key
    """When each swipe of a replay is due, µs, by its id; the first record where one is repeated."""
    if pq.ParquetFile(file).metadata.num_rows > _MOST_RECORDS:
        return None
    records = pq.read_table(file, columns=["swipe_id", "due_us"]).to_pandas()
    first = records[records["swipe_id"].notna()].drop_duplicates("swipe_id")
    return pd.Series(first["due_us"].to_numpy(), index=pd.Index(first["swipe_id"]))
