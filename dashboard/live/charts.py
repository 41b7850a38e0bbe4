"""How is a run under way drawn?"""

from __future__ import annotations

from typing import Final

import altair as alt
import pandas as pd

from dashboard.axes import latency_axis
from dashboard.colours import BLUE, GREEN, ORANGE, PURPLE, VIEWS
from dashboard.layered import layered

_HEIGHT: Final = 320
_RATES: Final = {"offered_per_s": "offered", "achieved_per_s": "achieved"}
_LAGS: Final = {"undecided": "sent, not decided", "unread": "sent, not yet read by the job"}


def rate_chart(series: pd.DataFrame) -> alt.LayerChart:
    """Offered and achieved rate."""
    return _lines(series, _RATES, [PURPLE, GREEN], "Rate", "swipes a second")


def lag_chart(series: pd.DataFrame) -> alt.LayerChart:
    """What the job has not dealt with."""
    return _lines(series, _LAGS, [BLUE, ORANGE], "Lag", "records")


def _lines(
    series: pd.DataFrame, names: dict[str, str], colours: list[str], title: str, unit: str
) -> alt.LayerChart:
    rows = series.rename(columns=names).melt("second", list(names.values()), "what", "value")
    rows = rows[rows["value"].notna()]
    lines = (
        alt.Chart(rows)
        .mark_line()
        .encode(
            x=alt.X("second:Q", title="second of the schedule"),
            y=alt.Y("value:Q", title=unit),
            color=alt.Color(
                "what:N",
                title=None,
                scale=alt.Scale(domain=list(names.values()), range=colours),
                legend=alt.Legend(orient="top", labelLimit=300),
            ),
            strokeDash=alt.StrokeDash(
                "what:N",
                title=None,
                scale=alt.Scale(domain=list(names.values()), range=[[4, 3], [1, 0]]),
            ),
            tooltip=[
                "what:N",
                alt.Tooltip("second:Q", format=".1f"),
                alt.Tooltip("value:Q", title=unit, format=",.0f"),
            ],
        )
    )
    return layered(lines).properties(title=title, height=_HEIGHT)


def live_latency_chart(series: pd.DataFrame, view: str) -> alt.LayerChart:
    """Percentiles of one view over time."""
    lines = (
        alt.Chart(series[series["view"] == view])
        .mark_line(color=VIEWS[view], point=alt.OverlayMarkDef(size=18, color=VIEWS[view]))
        .encode(
            x=alt.X("second:Q", title="second of the schedule"),
            y=latency_axis("latency_ms", "latency, ms"),
            strokeDash=alt.StrokeDash(
                "percentile:N",
                title=None,
                scale=alt.Scale(domain=["p99", "p90", "p50"], range=[[1, 0], [8, 3], [3, 3]]),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=[
                "percentile:N",
                alt.Tooltip("second:Q", format=".0f"),
                alt.Tooltip("latency_ms:Q", title="latency, ms", format=".1f"),
                "samples:Q",
            ],
        )
    )
    return layered(lines).properties(title=f"{view.capitalize()} view, last 10 s", height=_HEIGHT)
