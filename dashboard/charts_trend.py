"""How did one figure change from run to run, and from commit to commit?"""

from __future__ import annotations

from typing import Final

import altair as alt
import pandas as pd

from dashboard.colours import GREY, VERDICTS, VERMILION
from dashboard.layered import heading, layered

#: Of a figure that is only reported.
REPORTED: Final = "reported"
_COLOURS: Final[dict[str, str]] = {**dict(VERDICTS.items()), REPORTED: GREY}
#: Largest over smallest value from which the axis is logarithmic. A choice.
_WIDE: Final = 20
_SHAPES: Final = {
    "pass": "circle",
    "fail": "cross",
    "inconclusive": "triangle-up",
    REPORTED: "square",
}


def trend(rows: pd.DataFrame, title: str, unit: str, by_commit: bool) -> alt.LayerChart:
    """One figure over runs; colour and shape are its verdict, the dashed line its limit.

    Parameters
    ----------
    rows
        Columns run_id, started_at, commit, value, threshold, verdict; oldest first.
    title, unit
        Of the figure.
    by_commit
        One column for each commit, in the order of their first run, rather than the time.
    """
    order = list(dict.fromkeys(rows["commit"]))
    x: alt.X = (
        alt.X("commit:N", title="commit, by its first run", sort=order)
        if by_commit
        else alt.X(
            "started_at:T",
            title="start of the run, UTC",
            scale=alt.Scale(type="utc"),
            axis=alt.Axis(format="%d %b %H:%M", labelOverlap=True, labelFlush=False),
        )
    )
    base = alt.Chart(rows).encode(x=x)
    y = alt.Y("value:Q", title=unit or "value", scale=_scale(rows), axis=alt.Axis(tickCount=6))
    points = base.mark_point(filled=True, size=70, opacity=0.9).encode(
        y=y,
        color=_verdict_colour(),
        shape=alt.Shape(
            "verdict:N",
            title=None,
            scale=alt.Scale(domain=list(_SHAPES), range=list(_SHAPES.values())),
        ),
        tooltip=[
            alt.Tooltip("run_id:N", title="run"),
            alt.Tooltip("value:Q", title=unit or "value", format=",.4~g"),
            alt.Tooltip("threshold:Q", title="held against"),
            "verdict:N",
            "commit:N",
            alt.Tooltip("started_at:T", title="started", format="%Y-%m-%d %H:%M"),
        ],
    )
    limit = base.mark_line(color=VERMILION, strokeDash=[8, 4], strokeWidth=1).encode(
        y="threshold:Q"
    )
    layers = [points] if rows["threshold"].isna().all() else [limit, points]
    subtitle = "each mark a run; dashed: what it was held against"
    return layered(*layers).properties(title=heading(title, subtitle), height=360)


def _scale(rows: pd.DataFrame) -> alt.Scale:
    """Logarithmic where one run would flatten all others."""
    values = pd.concat([rows["value"], rows["threshold"]]).dropna()
    if len(values) and values.min() > 0 and values.max() / values.min() > _WIDE:
        return alt.Scale(type="log", nice=True)
    return alt.Scale(zero=False, nice=True)


def _verdict_colour() -> alt.Color:
    return alt.Color(
        "verdict:N",
        title=None,
        scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())),
        legend=alt.Legend(orient="top"),
    )
