"""Is the job fast enough, does it keep up, and does it lose or repeat anything?"""

from __future__ import annotations

from typing import Final

import pandas as pd
import streamlit as st

from dashboard.charts_latency import p99_against_bounds
from dashboard.colours import VIEWS
from dashboard.figure_text import figure_text, written
from dashboard.links import link
from dashboard.run.kept import KeptRun
from dashboard.verdict_marks import escaped, verdict_badge

#: Judge and figure of what stands as a number, with its words.
_COUNTS: Final = (
    ("delivery", "missing", "Missing"),
    ("delivery", "repeated", "Repeated"),
    ("throughput", "offered_rate", "Offered / s"),
    ("throughput", "achieved_rate", "Achieved / s"),
)


def engineer(run: KeptRun | None) -> None:
    """Draw what the engineer asks of the newest live run."""
    st.subheader("For the engineer", anchor=False)
    if run is None:
        st.info("No live run yet: `make simulate scenario=geo_jump`", icon=":material/info:")
        return
    columns = st.columns(2)
    for number, (judge, name, words) in enumerate(_COUNTS):
        figure = run.figure(judge, name)
        value = written(None if figure is None else figure.value)
        columns[number % 2].metric(words, value, border=True)
    _latency(run)
    st.caption(escaped(run.folder.name))
    link("run", "Open this run", run=run.folder.name)


def _latency(run: KeptRun) -> None:
    floor_ms = run.number("latency", "floor_p99")
    rows = [
        {
            "view": view,
            "p99_ms": run.number("latency", f"{view}_p99"),
            "limit_ms": run.limit("latency", f"{view}_p99"),
            "floor_ms": floor_ms,
        }
        for view in VIEWS
    ]
    if all(row["p99_ms"] is None for row in rows):
        st.caption("Latency was not measured, or has no end.")
        return
    st.altair_chart(p99_against_bounds(pd.DataFrame(rows)))
    for view in VIEWS:
        figure = run.figure("latency", f"{view}_p99")
        if figure is not None and figure.verdict is not None:
            verdict_badge(figure.verdict, f"{view} p99 {figure_text(figure)}")
