"""Which runs are there, what was their verdict, and how do their figures change?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from dashboard.charts_trend import REPORTED, trend
from dashboard.example import current_folders, nothing_yet
from dashboard.links import link
from dashboard.stored_runs import StoredRuns, stored_runs
from dashboard.verdict_marks import cell
from dashboard.view import View
from evaluation.store import RunRow

_DEFAULT_FIGURE: Final = "latency: uncommitted_p99"
_COMMIT_DIGITS: Final = 12


def render() -> None:
    """All runs, newest first, and the trend of one figure."""
    st.title("Runs")
    stored = stored_runs(current_folders().runs)
    if not stored.rows:
        nothing_yet("There is no run yet.", "make simulate scenario=geo_jump")
        return
    rows = _filtered(stored.rows)
    if not rows:
        st.info("No run is like that. Take a filter back.", icon=":material/filter_alt_off:")
        return
    _table(rows, len(stored.rows))
    _trend(stored, rows)


def _filtered(rows: Sequence[RunRow]) -> list[RunRow]:
    """What the filters leave; they stand in the address."""
    found = list(rows)
    for column, (name, of) in zip(
        st.columns(4),
        {"verdict": _verdict, "scenario": _scenario, "mode": _mode, "commit": _commit}.items(),
        strict=True,
    ):
        options = list(dict.fromkeys(of(row) for row in rows))
        chosen = column.multiselect(
            name.capitalize(), options, key=name, bind="query-params", placeholder="all"
        )
        found = [row for row in found if not chosen or of(row) in chosen]
    return found


def _verdict(row: RunRow) -> str:
    return row.verdict or row.state


def _scenario(row: RunRow) -> str:
    return row.scenario or "unknown"


def _mode(row: RunRow) -> str:
    return row.mode or "unknown"


def _commit(row: RunRow) -> str:
    """Short, with what was changed beside it."""
    if row.commit is None:
        return "unknown"
    commit, plus, changes = row.commit.partition("+")
    return commit[:_COMMIT_DIGITS] + plus + changes


def _table(rows: Sequence[RunRow], of: int) -> None:
    st.caption(
        f"{len(rows)} of {of} runs, newest first. Choose one to open it, or two to compare them."
    )
    event: Any = st.dataframe(
        pd.DataFrame([_cells(row) for row in rows]),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key="chosen_runs",
        column_config=_columns(),
    )
    chosen = [rows[index].run_id for index in event.selection.rows if index < len(rows)]
    if len(chosen) == 1:
        link("run", f"Open {chosen[0]}", run=chosen[0])
    elif len(chosen) > 1:
        first, second = sorted(chosen)[:2]
        link("compare", f"Compare {first} with {second}", a=first, b=second)


def _cells(row: RunRow) -> dict[str, Any]:
    caught = None if row.incidents_caught is None else f"{row.incidents_caught} of {row.incidents}"
    return {
        "verdict": cell(_verdict(row)),
        "run": f"run?run={row.run_id}",
        "started": None if row.started_at is None else pd.Timestamp(row.started_at),
        "uncommitted": row.uncommitted_p99_ms,
        "committed": row.committed_p99_ms,
        "missing": row.missing,
        "repeated": row.repeated,
        "attacks caught": caught,
        "scenario": row.scenario,
        "mode": row.mode,
        "rate": row.rate_per_min,
        "commit": _commit(row),
    }


def _columns() -> dict[str, Any]:
    number, milliseconds = st.column_config.NumberColumn, "%.1f"
    return {
        "run": st.column_config.LinkColumn("run", display_text=r"run=(.*)$", width=270),
        "started": st.column_config.DatetimeColumn("started, UTC", format="YYYY-MM-DD HH:mm"),
        "rate": number("swipes a minute", format="localized"),
        "uncommitted": number("uncommitted p99, ms", format=milliseconds),
        "committed": number("committed p99, ms", format=milliseconds),
    }


def _trend(stored: StoredRuns, rows: Sequence[RunRow]) -> None:
    st.header("Trend")
    of_runs = pd.DataFrame(
        {
            "run_id": [row.run_id for row in rows],
            "started_at": [row.started_at for row in rows],
            "commit": [_commit(row) for row in rows],
        }
    )
    figures = stored.figures[stored.figures["value"].notna()].merge(of_runs, on="run_id")
    figures = figures[figures["started_at"].notna()]
    figures = figures.assign(name=figures["judge"] + ": " + figures["figure"])
    names = sorted(figures["name"].unique())
    if not names:
        st.info("None of these runs has a figure to draw.", icon=":material/info:")
        return
    default = names.index(_DEFAULT_FIGURE) if _DEFAULT_FIGURE in names else 0
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    name = left.selectbox("Figure", names, index=default, key="figure", bind="query-params")
    axis = right.segmented_control(
        "Along", ["time", "commits"], default="time", key="along", bind="query-params"
    )
    shown = figures[(figures["name"] == name)].sort_values("started_at")
    endless = shown["value"] == float("inf")
    shown = shown[~endless].assign(verdict=shown["verdict"].fillna(REPORTED))
    unit = "" if shown.empty else str(shown["unit"].iloc[0])
    st.altair_chart(trend(shown, str(name), unit, by_commit=axis == "commits"))
    if endless.any():
        st.caption(f"Not drawn, because it has no end there: {int(endless.sum())} of these runs.")


VIEW = View("runs", "Runs", ":material/list:", 20, render)
