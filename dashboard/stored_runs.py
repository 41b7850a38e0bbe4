"""Which runs are stored, without reading all of them anew for each page?

Reading goes through DuckDB over all results; it is repeated only when a run's results have come,
gone or changed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from evaluation.store import RunRow, open_store


@dataclass(frozen=True)
class StoredRuns:
    """All runs of a folder.

    Attributes
    ----------
    rows
        Newest first.
    figures
        Of all judges: run_id, judge, figure, unit, verdict, note, value, threshold.
    """

    rows: list[RunRow]
    figures: pd.DataFrame

    @property
    def judged(self) -> list[str]:
        """Names of those with results, newest first."""
        return [row.run_id for row in self.rows if row.state == "judged"]


def stored_runs(runs: Path) -> StoredRuns:
    """All runs of a folder; it need not exist."""
    return _read(str(runs), _signature(runs))


def _signature(runs: Path) -> tuple[tuple[str, int], ...]:
    """Name of each run and when its results were written, ns."""
    if not runs.is_dir():
        return ()
    with os.scandir(runs) as entries:
        names = sorted(entry.name for entry in entries if entry.is_dir())
    return tuple((name, _changed_ns(runs / name)) for name in names)


def _changed_ns(folder: Path) -> int:
    for name in ("results.json", "run.json"):
        try:
            return (folder / name).stat().st_mtime_ns
        except OSError:
            continue
    return 0


@st.cache_data(show_spinner=False, max_entries=4)
def _read(runs: str, signature: tuple[tuple[str, int], ...]) -> StoredRuns:  # noqa: ARG001 - part of the cache's key
    with open_store(Path(runs)) as connection:
        rows = connection.execute(
            "SELECT * FROM runs ORDER BY started_at DESC NULLS LAST, run_id DESC"
        ).fetchall()
        figures = connection.execute("SELECT * FROM figures").df()
    return StoredRuns([RunRow(*row) for row in rows], figures)
