"""How did one figure change from run to run, and from commit to commit?"""

from __future__ import annotations

from typing import Final

import altair as alt
import pandas as pd

from dashboard.colours import GREY, VERDICTS, VERMILION
from dashboard.layered import layered

#: Of a figure that is only reported.
REPORTED: Final = "reported"
_COLOURS: Final[dict[str, str]] = {**dict(VERDICTS.items()), REPORTED: GREY}
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
        else alt.X("started_at:T", title="start of the run, UTC")
    )
    base = alt.Chart(rows).encode(x=x)
    y = alt.Y("value:Q", title=unit or "value", scale=alt.Scale(zero=False, nice=True))
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
    return layered(*layers).properties(title=alt.TitleParams(title, subtitle=subtitle), height=280)


def _verdict_colour() -> alt.Color:
    return alt.Color(
        "verdict:N",
        title=None,
        scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())),
        legend=alt.Legend(orient="top"),
    )
