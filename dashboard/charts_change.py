"""By how much did each figure change, and how sure is that?"""

from __future__ import annotations

from typing import Final

import altair as alt
import pandas as pd

from dashboard.colours import BLUE, GREY, ORANGE, VERMILION
from dashboard.layered import layered

_COLOURS: Final = {
    "better": BLUE,
    "worse": VERMILION,
    "no difference": GREY,
    "inconclusive": ORANGE,
}
_SHAPES: Final = {
    "better": "triangle-up",
    "worse": "triangle-down",
    "no difference": "circle",
    "inconclusive": "square",
}


def change_intervals(rows: pd.DataFrame, title: str) -> alt.LayerChart:
    """Differences of shares with their intervals.

    Parameters
    ----------
    rows
        Columns name, difference, low, high (shares), finding.
    """
    y = alt.Y("name:N", title=None, sort=None, axis=alt.Axis(labelLimit=260))
    colour = alt.Color(
        "finding:N",
        title=None,
        scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())),
        legend=alt.Legend(orient="top"),
    )
    shape = alt.Shape(
        "finding:N", title=None, scale=alt.Scale(domain=list(_SHAPES), range=list(_SHAPES.values()))
    )
    base = alt.Chart(rows)
    spans = base.mark_rule(strokeWidth=2).encode(
        y=y,
        x=alt.X("low:Q", title="change of the share caught, with its interval"),
        x2="high:Q",
        color=colour,
    )
    points = base.mark_point(filled=True, size=60, opacity=1).encode(
        y=y,
        x=alt.X("difference:Q", axis=alt.Axis(format="+%")),
        color=colour,
        shape=shape,
        tooltip=[
            "name:N",
            alt.Tooltip("difference:Q", format="+.1%"),
            alt.Tooltip("low:Q", format="+.1%"),
            alt.Tooltip("high:Q", format="+.1%"),
            "finding:N",
        ],
    )
    zero = (
        alt.Chart(pd.DataFrame([{"at": 0.0}]))
        .mark_rule(color=GREY, strokeDash=[2, 3])
        .encode(x="at:Q")
    )
    return layered(zero, spans, points).properties(title=title, height=190 + 22 * len(rows))
