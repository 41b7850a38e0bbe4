"""Is the job fast enough, does it keep up, and does it lose or repeat anything?"""

from __future__ import annotations

from typing import Final

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.charts_latency import p99_against_bounds
from dashboard.colours import VIEWS
from dashboard.figure_text import figure_text
from dashboard.links import link
from dashboard.run.kept import KeptRun
from dashboard.verdict_marks import escaped, verdict_badge

_COUNTS: Final = ("missing", "repeated")


def engineer(run: KeptRun | None) -> None:
    """Draw what the engineer asks of the newest live run."""
    st.subheader("For the engineer", anchor=False)
    if run is None:
        st.info("No live run yet: `make simulate scenario=geo_jump`", icon=":material/info:")
        return
    left, right = st.columns(2)
    for column, name in zip((left, right), _COUNTS, strict=True):
        figure = run.figure("delivery", name)
        column.metric(name.capitalize(), figure_text(figure), border=True)
    _load(run, left, right)
    _latency(run)
    st.caption(escaped(run.folder.name))
    link("run", "Open this run", run=run.folder.name)


def _load(run: KeptRun, left: DeltaGenerator, right: DeltaGenerator) -> None:
    offered, achieved = (
        run.figure("throughput", name) for name in ("offered_rate", "achieved_rate")
    )
    left.metric("Offered", figure_text(offered), border=True)
    right.metric("Achieved", figure_text(achieved), border=True)


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
