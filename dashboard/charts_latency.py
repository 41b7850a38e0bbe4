"""How long did decisions take: over time, as a distribution, against limit and floor?

Colours tell the reader's view apart; dashes and words tell percentiles, limits and floor apart.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import altair as alt
import pandas as pd

from dashboard.axes import latency_axis
from dashboard.colours import GREY, VERMILION, VIEWS
from dashboard.layered import heading, layered

_HEIGHT: Final = 380
#: Slowest share shown, as 1 in so many, with the percentile's usual name.
_NINES: Final = {2: "50", 10: "90", 100: "99", 1_000: "99.9", 10_000: "99.99"}
_LIMIT: Final = "limit of the p99"
_FLOOR: Final = "floor: Kafka alone, p99"


def latency_over_time(
    by_second: pd.DataFrame,
    view: str,
    limit_ms: float | None,
    floor_ms: float | None,
    warm_up_s: float,
) -> alt.LayerChart:
    """p50 and p99 of one view by second of the schedule.

    Parameters
    ----------
    by_second
        Columns view, second, p50_ms, p99_ms, samples.
    limit_ms, floor_ms
        Drawn as lines; None for none.
    warm_up_s
        What is not counted, shaded.
    """
    rows = by_second[by_second["view"] == view].melt(
        ["second", "samples"], ["p50_ms", "p99_ms"], "percentile", "latency_ms"
    )
    rows["percentile"] = rows["percentile"].str.removesuffix("_ms")
    lines = (
        alt.Chart(rows)
        .mark_line(color=VIEWS[view])
        .encode(
            x=alt.X("second:Q", title="second of the schedule", axis=alt.Axis(tickMinStep=1)),
            y=latency_axis("latency_ms", "latency, ms"),
            strokeDash=alt.StrokeDash(
                "percentile:N",
                title=None,
                scale=alt.Scale(domain=["p99", "p50"], range=[[1, 0], [4, 3]]),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=[
                alt.Tooltip("second:Q"),
                alt.Tooltip("percentile:N"),
                alt.Tooltip("latency_ms:Q", title="latency, ms", format=".1f"),
                alt.Tooltip("samples:Q", format=","),
            ],
        )
    )
    layers: list[Any] = [lines, *_warm_up(warm_up_s), *_bounds(limit_ms, floor_ms)]
    return layered(*layers).properties(title=f"{view.capitalize()} view, by second", height=_HEIGHT)


def percentile_curve(
    points: pd.DataFrame, limits_ms: dict[str, float], floor_ms: float | None
) -> alt.LayerChart:
    """Latency by percentile, both views; the rare slow ones get as much room as the rest.

    Parameters
    ----------
    points
        Columns view, percentile (0 to 100), latency_ms.
    limits_ms
        Of the p99 of each view.
    floor_ms
        p99 of the floor; None for none.
    """
    rows = points[(points["percentile"] < 100) & points["latency_ms"].notna()].copy()
    rows["one_in"] = 100 / (100 - rows["percentile"])
    names = ", ".join(f"'{value}': '{name}'" for value, name in _NINES.items())
    curve = (
        alt.Chart(rows)
        .mark_line(point=alt.OverlayMarkDef(size=18), interpolate="monotone")
        .encode(
            x=alt.X(
                "one_in:Q",
                title="percentile of the decisions",
                scale=alt.Scale(type="log", domain=[1, max(_NINES)]),
                axis=alt.Axis(values=list(_NINES), labelExpr=f"{{{names}}}[datum.value]"),
            ),
            y=latency_axis("latency_ms", "latency, ms"),
            color=_view_colour(),
            tooltip=[
                "view:N",
                alt.Tooltip("percentile:Q", format=".3f"),
                alt.Tooltip("latency_ms:Q", title="latency, ms", format=".1f"),
            ],
        )
    )
    limits = pd.DataFrame(
        [{"view": view, "one_in": 100, "latency_ms": value} for view, value in limits_ms.items()],
        columns=["view", "one_in", "latency_ms"],
    )
    marks = (
        alt.Chart(limits)
        .mark_point(shape="triangle-down", filled=True, size=130)
        .encode(
            x="one_in:Q",
            y="latency_ms:Q",
            color=_view_colour(),
            tooltip=["view:N", alt.Tooltip("latency_ms:Q", title=f"{_LIMIT}, ms")],
        )
    )
    title = heading("Distribution", "triangles: the limit of the p99 of each view")
    return layered(curve, marks, *_bounds(None, floor_ms)).properties(title=title, height=_HEIGHT)


def two_over_time(rows: pd.DataFrame, view: str) -> alt.LayerChart:
    """p99 of two runs by second, one view.

    Parameters
    ----------
    rows
        Columns run, view, second, p99_ms.
    """
    chart = (
        alt.Chart(rows[rows["view"] == view])
        .mark_line(color=VIEWS[view])
        .encode(
            x=alt.X("second:Q", title="second of the schedule"),
            y=latency_axis("p99_ms", "p99, ms"),
            strokeDash=alt.StrokeDash(
                "run:N", title=None, legend=alt.Legend(orient="top", labelLimit=400)
            ),
            tooltip=["run:N", "second:Q", alt.Tooltip("p99_ms:Q", title="p99, ms", format=".1f")],
        )
    )
    return layered(chart).properties(title=f"p99 by second, {view} view", height=_HEIGHT)


def p99_against_bounds(rows: pd.DataFrame) -> alt.LayerChart:
    """The p99 of both views as bars, with limit and floor as marks.

    Parameters
    ----------
    rows
        Columns view, p99_ms, limit_ms, floor_ms.
    """
    base = alt.Chart(rows).encode(y=alt.Y("view:N", title=None, sort=list(VIEWS)))
    bars = base.mark_bar(height=22).encode(
        x=alt.X("p99_ms:Q", title="p99, ms"),
        color=alt.Color(
            "view:N",
            scale=alt.Scale(domain=list(VIEWS), range=list(VIEWS.values())),
            legend=None,
        ),
        tooltip=[
            "view:N",
            alt.Tooltip("p99_ms:Q", title="p99, ms", format=".1f"),
            alt.Tooltip("limit_ms:Q", title="limit, ms"),
            alt.Tooltip("floor_ms:Q", title="floor p99, ms", format=".1f"),
        ],
    )
    limit = base.mark_tick(color=VERMILION, thickness=4, height=40).encode(x="limit_ms:Q")
    floor = base.mark_tick(color=GREY, thickness=4, height=40).encode(x="floor_ms:Q")
    title = heading("Latency, p99", "ticks: red, the limit; grey, the floor")
    return layered(bars, limit, floor).properties(title=title, height=200)


def _view_colour() -> alt.Color:
    return alt.Color(
        "view:N",
        title=None,
        scale=alt.Scale(domain=list(VIEWS), range=list(VIEWS.values())),
        legend=alt.Legend(orient="top"),
    )


def _warm_up(warm_up_s: float) -> list[alt.Chart]:
    if not warm_up_s:
        return []
    span = pd.DataFrame([{"begin": 0.0, "end": warm_up_s, "words": "warm-up, not counted"}])
    shade = alt.Chart(span).mark_rect(opacity=0.15, color=GREY).encode(x="begin:Q", x2="end:Q")
    words = (
        alt.Chart(span)
        .mark_text(align="left", dx=4, dy=10, color=GREY)
        .encode(x="begin:Q", y=alt.value(0), text="words:N")
    )
    return [shade, words]


def _bounds(limit_ms: float | None, floor_ms: float | None) -> list[alt.LayerChart]:
    found = []
    # The words stand at opposite ends, since the two may be close.
    bounds: list[tuple[str, float | None, str, list[int], Literal["left", "right"]]] = [
        (_LIMIT, limit_ms, VERMILION, [8, 4], "right"),
        (_FLOOR, floor_ms, GREY, [2, 3], "left"),
    ]
    for name, value_ms, colour, dash, side in bounds:
        if value_ms is None:
            continue
        row = pd.DataFrame([{"latency_ms": value_ms, "words": f"{name}, {value_ms:.3g} ms"}])
        rule = alt.Chart(row).mark_rule(color=colour, strokeDash=dash).encode(y="latency_ms:Q")
        words = (
            alt.Chart(row)
            .mark_text(align=side, dx=-4 if side == "right" else 4, dy=-6, color=colour)
            .encode(
                x=alt.value("width" if side == "right" else 0), y="latency_ms:Q", text="words:N"
            )
        )
        found.append(layered(rule, words))
    return found
