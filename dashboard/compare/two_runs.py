"""In what do two runs differ?"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pandas as pd
import streamlit as st

from dashboard.charts_latency import two_over_time
from dashboard.colours import VIEWS
from dashboard.figure_text import written
from dashboard.run.kept import KeptRun, keep
from dashboard.verdict_marks import cell, escaped, verdict_box
from evaluation.store import Comparison, FigureRow, compare
from evaluation.verdict import Figure

#: A difference of a measured figure that is marked. A choice: below it two runs of the same code
#: on the same machine differ as a rule.
_NOTEWORTHY: Final = 0.1


def two_runs(runs: Path, a: str, b: str) -> None:
    """Draw verdicts, settings and figures side by side.

    Raises
    ------
    evaluation.store.UnknownRunError
        If one of them was not judged.
    """
    found = compare(runs, a, b)
    left, right = keep(runs, a), keep(runs, b)
    for column, run, side in zip(st.columns(2), (left, right), "ab", strict=True):
        with column:
            st.subheader(f"{side}: {escaped(run.folder.name)}", anchor=False)
            verdict_box(run.evaluation.verdict)
    _settings(found)
    _figures(found, left, right)
    _latency(left, right)


def _settings(found: Comparison) -> None:
    st.header("Settings, commits and versions that differ")
    if not found.settings:
        st.info("None: the same settings, commit and versions.", icon=":material/equal:")
        return
    rows = [{"name": row.name, "a": row.a, "b": row.b} for row in found.settings]
    st.dataframe(pd.DataFrame(rows), hide_index=True)


def _figures(found: Comparison, left: KeptRun, right: KeptRun) -> None:
    st.header("Figures")
    everything = st.toggle("Those that are the same, too", key="all", bind="query-params")
    rows = [_row(row, left, right) for row in found.figures]
    shown = [row for row in rows if everything or row["mark"]]
    st.caption(
        f"{len(rows)} figures, {sum(bool(row['mark']) for row in rows)} differ. "
        f"≠ differs; ▲ ▼ at least {_NOTEWORTHY:.0%} more or less in b; ⚑ another verdict. A single "
        "pair of runs does not tell a change from the machine: repeat it before you believe it."
    )
    st.dataframe(pd.DataFrame(shown, columns=list(_COLUMNS)), hide_index=True)


_COLUMNS: Final = ("mark", "judge", "figure", "a", "b", "b / a", "verdict a", "verdict b")


def _row(row: FigureRow, left: KeptRun, right: KeptRun) -> dict[str, Any]:
    verdicts = [_verdict(run.figure(row.judge, row.figure)) for run in (left, right)]
    return {
        "mark": mark(row) + ("⚑" if verdicts[0] != verdicts[1] else ""),
        "judge": row.judge,
        "figure": row.figure,
        "a": written(row.a, row.unit),
        "b": written(row.b, row.unit),
        "b / a": None if row.ratio is None else f"{row.ratio:.2f}",
        "verdict a": cell(verdicts[0]),
        "verdict b": cell(verdicts[1]),
    }


def _verdict(figure: Figure | None) -> str | None:
    return None if figure is None else figure.verdict


def mark(row: FigureRow) -> str:
    """Whether and how a figure differs.

    Examples
    --------
    >>> mark(FigureRow("latency", "uncommitted_p99", "ms", 40.0, 80.0, 40.0, 2.0))
    '▲'
    >>> mark(FigureRow("delivery", "missing", "records", 0, 0, 0.0, None))
    ''
    """
    if row.a == row.b:
        return ""
    if row.ratio is not None and abs(row.ratio - 1) < _NOTEWORTHY:
        return "≠"
    if row.difference is None:
        return "≠"
    return "▲" if row.difference > 0 else "▼"


def _latency(left: KeptRun, right: KeptRun) -> None:
    parts = []
    for side, run in (("a", left), ("b", right)):
        table = run.table("results/latency_by_second.parquet")
        if table is not None:
            parts.append(table.assign(run=f"{side}: {run.folder.name}"))
    if not parts:
        return
    st.header("Latency over time")
    rows = pd.concat(parts)
    for column, view in zip(st.columns(2), VIEWS, strict=True):
        column.altair_chart(two_over_time(rows, view))
