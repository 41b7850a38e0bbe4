"""What did a change of the job gain and lose, on the same exam?"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd
import streamlit as st

from dashboard.ab_result import ab_table, opened_ab
from dashboard.charts_change import change_intervals
from dashboard.figure_text import written
from dashboard.verdict_marks import escaped, verdict_box
from evaluation.change import AbFile, Change

_FINDINGS: Final = {
    "better": "▲ better",
    "worse": "▼ worse",
    "no difference": "= no difference",
    "inconclusive": "? inconclusive",
}
_LISTS: Final = {
    "gained": "Incidents gained",
    "lost": "Incidents lost",
    "new_false": "New false cases",
    "gone_false": "False cases gone",
}


def two_sides(folder: Path) -> None:
    """Draw the two sides of an `ab`.

    Raises
    ------
    dashboard.ab_result.AbUnreadableError
        If the folder is damaged.
    """
    read = opened_ab(folder)
    said = read.result
    st.caption(escaped(_words(read)))
    verdict_box(said.verdict)
    if said.same_rules:
        st.info("Both sides have the same rules and the same engine.", icon=":material/equal:")
    columns = st.columns(4)
    for column, (name, title) in zip(columns, _LISTS.items(), strict=True):
        column.metric(title, f"{getattr(said, name):,}", border=True)
    st.header("What changed")
    st.dataframe(pd.DataFrame([_row(change) for change in said.changes]), hide_index=True)
    _by_scenario(said.by_scenario)
    for name, title in _LISTS.items():
        _list(folder, name, title)


def _words(read: AbFile) -> str:
    said = read.result
    return (
        f"before: {said.before} · after: {said.after}"
        + (f" at {read.commit[:12]}" if read.commit else "")
        + f" · all statements together are wrong with a chance of {said.false_alarm_rate:.0%}"
    )


def _row(change: Change) -> dict[str, str]:
    interval = (
        ""
        if change.low is None or change.high is None
        else f"{written(change.low, change.unit)} to {written(change.high, change.unit)}"
    )
    return {
        "finding": _FINDINGS[change.finding],
        "figure": change.name,
        "before": written(change.before, change.unit),
        "after": written(change.after, change.unit),
        "difference": written(change.difference, change.unit),
        "interval": interval,
        "note": change.note,
    }


def _by_scenario(changes: list[Change]) -> None:
    st.header("By attack and difficulty")
    moved = [change for change in changes if change.difference]
    if not moved:
        st.info("No attack is caught more or less often.", icon=":material/equal:")
        return
    rows = pd.DataFrame(
        [
            {
                "name": change.name,
                "difference": change.difference,
                "low": change.low,
                "high": change.high,
                "finding": change.finding,
            }
            for change in moved
        ]
    )
    st.altair_chart(change_intervals(rows, "Share of incidents caught, after minus before"))
    still = len(changes) - len(moved)
    st.caption(
        f"{still} others are caught as often as before. The intervals share the chance above."
    )


def _list(folder: Path, name: str, title: str) -> None:
    table = ab_table(folder, name)
    if table is None:
        st.warning(f"{name}.parquet is missing or damaged.", icon=":material/broken_image:")
        return
    with st.expander(f"{title}: {len(table):,}"):
        if len(table):
            st.dataframe(table, hide_index=True)
        else:
            st.caption("None.")
