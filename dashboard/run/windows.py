"""Which event-time windows did a run write, and what came too late for them?

Read from the committed outputs that the history holds. A window that was opened a second time after
a failure counts twice here; the delivery judge says how many were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dashboard.run.kept import KeptRun
from job.contracts import Topics, WindowDrop, WindowResult

_FILE: Final = "history/observed.parquet"
_MINUTE_MS: Final = 60_000
_KINDS: Final = Topics.with_prefix().windows()
_DROPS: Final = Topics.with_prefix().window_drops


@dataclass(frozen=True)
class WindowsOfRun:
    """What a run's windows say.

    Attributes
    ----------
    by_kind
        Columns window, written, swipes, declined, dropped, latest_s: how late the latest of those
        that were dropped was.
    by_minute
        Columns ends_ms (event time, to the minute below), window, windows, swipes.
    drops
        Columns window, rule, entity, swipe, event_time, late_s; the latest first.
    unreadable
        Records that keep no contract.
    """

    by_kind: pd.DataFrame
    by_minute: pd.DataFrame
    drops: pd.DataFrame
    unreadable: int


def windows_of(run: KeptRun) -> WindowsOfRun | None:
    """Read them; None where the run has written none and dropped nothing, or they are damaged."""
    path = run.folder / _FILE
    if not path.is_file():
        return None
    topics = [*_KINDS.values(), _DROPS]
    try:
        found = pq.read_table(
            path,
            columns=["topic", "value"],
            filters=[("view", "=", "committed"), ("topic", "in", topics)],
        )
    except (pa.ArrowException, OSError, KeyError) as error:
        run.unreadable.append(f"{_FILE}: {error}")
        return None
    results, drops, unreadable = _decoded(found)
    if not results and not drops and not unreadable:
        return None
    windows = pd.DataFrame(
        [
            (each.window, each.window_end_ms // _MINUTE_MS * _MINUTE_MS, each.swipes, each.declined)
            for each in results
        ],
        columns=["window", "ends_ms", "swipes", "declined"],
    )
    late = pd.DataFrame(
        [
            (
                each.window,
                each.rule or "",
                each.entity_id,
                each.swipe_id,
                pd.Timestamp(each.event_time_ms, unit="ms", tz="UTC"),
                each.lateness_ms / 1_000,
            )
            for each in drops
        ],
        columns=["window", "rule", "entity", "swipe", "event_time", "late_s"],
    ).sort_values("late_s", ascending=False)
    return WindowsOfRun(_by_kind(windows, late), _by_minute(windows), late, unreadable)


def _decoded(table: pa.Table) -> tuple[list[WindowResult], list[WindowDrop], int]:
    results: list[WindowResult] = []
    drops: list[WindowDrop] = []
    unreadable = 0
    of_result, of_drop = msgspec.json.Decoder(WindowResult), msgspec.json.Decoder(WindowDrop)
    pairs = zip(table["topic"].to_pylist(), table["value"].to_pylist(), strict=True)
    for topic, value in pairs:
        try:
            if topic == _DROPS:
                drops.append(of_drop.decode(value or b""))
            else:
                results.append(of_result.decode(value or b""))
        except msgspec.MsgspecError:
            unreadable += 1
    return results, drops, unreadable


def _by_kind(windows: pd.DataFrame, late: pd.DataFrame) -> pd.DataFrame:
    counted = windows.groupby("window").agg(
        written=("swipes", "size"), swipes=("swipes", "sum"), declined=("declined", "sum")
    )
    dropped = late.groupby("window").agg(dropped=("late_s", "size"), latest_s=("late_s", "max"))
    both = counted.join(dropped, how="outer")
    counts = ["written", "swipes", "declined", "dropped"]
    both[counts] = both[counts].fillna(0).astype("int64")
    return both.rename_axis("window").reset_index()


def _by_minute(windows: pd.DataFrame) -> pd.DataFrame:
    counted = windows.groupby(["ends_ms", "window"]).agg(
        windows=("swipes", "size"), swipes=("swipes", "sum")
    )
    return counted.reset_index()
