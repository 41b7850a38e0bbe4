"""What happened over the time of a run: slip, backlog, checkpoints, faults?

All share the axis of the latency: seconds of the schedule.
"""

from __future__ import annotations

from typing import Final

import altair as alt
import pandas as pd

from dashboard.colours import BLUE, GREY, PURPLE, SKY_BLUE, VERMILION
from dashboard.layered import layered

_HEIGHT: Final = 300


def _second(domain: tuple[float, float]) -> alt.X:
    scale = alt.Scale(domain=list(domain), nice=False)
    return alt.X("second:Q", title="second of the schedule", scale=scale)


def checkpoint_chart(
    checkpoints: pd.DataFrame, moments: pd.DataFrame, domain: tuple[float, float]
) -> alt.LayerChart:
    """Duration of each checkpoint, those that failed marked, and faults as upright lines.

    Parameters
    ----------
    checkpoints
        Columns second, duration_ms, status, size_mb.
    moments
        Columns second, what: the fault, and what followed.
    domain
        Seconds shown.
    """
    points = (
        alt.Chart(checkpoints)
        .mark_point(filled=True, size=30, clip=True)
        .encode(
            x=_second(domain),
            y=alt.Y("duration_ms:Q", title="duration, ms"),
            color=alt.Color(
                "status:N",
                title=None,
                scale=alt.Scale(
                    domain=["completed", "failed", "other"], range=[SKY_BLUE, VERMILION, GREY]
                ),
                legend=alt.Legend(orient="top"),
            ),
            shape=alt.Shape(
                "status:N",
                title=None,
                scale=alt.Scale(
                    domain=["completed", "failed", "other"], range=["circle", "cross", "square"]
                ),
            ),
            tooltip=[
                "id:Q",
                "status:N",
                alt.Tooltip("second:Q", format=".1f"),
                alt.Tooltip("duration_ms:Q", title="duration, ms"),
                alt.Tooltip("size_mb:Q", title="state, MB", format=".2f"),
            ],
        )
    )
    return layered(points, *_moments(moments)).properties(
        title="Checkpoints and faults", height=_HEIGHT
    )


def slip_chart(
    slip: pd.DataFrame, limit_ms: float | None, domain: tuple[float, float]
) -> alt.LayerChart:
    """How far the sender was behind its schedule.

    Parameters
    ----------
    slip
        Columns second, p50_ms, p99_ms.
    limit_ms
        Of the p99 over the run; None for none.
    domain
        Seconds shown.
    """
    rows = slip.melt("second", ["p50_ms", "p99_ms"], "percentile", "slip_ms")
    rows["percentile"] = rows["percentile"].str.removesuffix("_ms")
    lines = (
        alt.Chart(rows)
        .mark_line(color=PURPLE)
        .encode(
            x=_second(domain),
            y=alt.Y("slip_ms:Q", title="slip, ms"),
            strokeDash=alt.StrokeDash(
                "percentile:N",
                title=None,
                scale=alt.Scale(domain=["p99", "p50"], range=[[1, 0], [4, 3]]),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=["second:Q", "percentile:N", alt.Tooltip("slip_ms:Q", format=".2f")],
        )
    )
    layers: list[alt.Chart] = [lines]
    if limit_ms is not None:
        row = pd.DataFrame([{"slip_ms": limit_ms, "words": f"limit of the p99, {limit_ms:g} ms"}])
        layers.append(
            alt.Chart(row).mark_rule(color=VERMILION, strokeDash=[8, 4]).encode(y="slip_ms:Q")
        )
        layers.append(
            alt.Chart(row)
            .mark_text(align="right", dx=-4, dy=-6, color=VERMILION)
            .encode(x=alt.value("width"), y="slip_ms:Q", text="words:N")
        )
    return layered(*layers).properties(title="Slip of the sender, by second", height=_HEIGHT)


def backlog_chart(
    backlog: pd.DataFrame, moments: pd.DataFrame, domain: tuple[float, float]
) -> alt.LayerChart:
    """Records sent and not decided.

    Parameters
    ----------
    backlog
        Columns second, records.
    moments
        Columns second, what.
    domain
        Seconds shown.
    """
    line = (
        alt.Chart(backlog)
        .mark_area(line={"color": BLUE}, color=BLUE, opacity=0.25)
        .encode(
            x=_second(domain),
            y=alt.Y("records:Q", title="records"),
            tooltip=[alt.Tooltip("second:Q", format=".1f"), "records:Q"],
        )
    )
    return layered(line, *_moments(moments)).properties(
        title="Backlog: sent and not decided", height=_HEIGHT
    )


def _moments(moments: pd.DataFrame) -> list[alt.Chart]:
    if moments.empty:
        return []
    rules = (
        alt.Chart(moments)
        .mark_rule(color=VERMILION, strokeWidth=2)
        .encode(x="second:Q", tooltip=["what:N", alt.Tooltip("second:Q", format=".1f")])
    )
    # One below the other: what follows a fault follows it closely.
    words = [
        alt.Chart(moments.iloc[[row]])
        .mark_text(align="left", dx=4, dy=10 + 14 * row, color=VERMILION)
        .encode(x="second:Q", y=alt.value(0), text="what:N")
        for row in range(len(moments))
    ]
    return [rules, *words]
