"""How did load, lag, busy time and parallelism go together over a run that was scaled?"""

from __future__ import annotations

from typing import Final

import altair as alt
import pandas as pd

from dashboard.colours import BLUE, PURPLE, SKY_BLUE, VERMILION
from dashboard.layered import layered

_HEIGHT: Final = 110


def autoscaling_chart(samples: pd.DataFrame, decisions: pd.DataFrame) -> alt.VConcatChart:
    """Four rows over one axis, decisions as upright lines.

    Parameters
    ----------
    samples
        Columns second, offered_per_s, lag, busy, parallelism; gaps where nothing was known.
    decisions
        Columns second, what, why.
    """
    shown = (float(samples["second"].min()), float(samples["second"].max()))
    panels = (
        ("offered_per_s", "swipes/s", BLUE, "linear"),
        ("lag", "lag, swipes", PURPLE, "linear"),
        ("busy", "busiest task", SKY_BLUE, "linear"),
        ("parallelism", "parallelism", VERMILION, "step-after"),
    )
    return alt.vconcat(
        *(
            _panel(samples, decisions, shown, column, title, colour, how, is_last=number == 3)
            for number, (column, title, colour, how) in enumerate(panels)
        ),
        spacing=6,
    )


def _panel(
    samples: pd.DataFrame,
    decisions: pd.DataFrame,
    shown: tuple[float, float],
    column: str,
    title: str,
    colour: str,
    interpolate: str,
    *,
    is_last: bool,
) -> alt.LayerChart:
    axis = alt.Axis() if is_last else alt.Axis(labels=False, ticks=False)
    x = alt.X(
        "second:Q",
        title="second of the schedule" if is_last else None,
        scale=alt.Scale(domain=list(shown), nice=False),
        axis=axis,
    )
    form = ".0%" if column == "busy" else ",.0f"
    line = (
        alt.Chart(samples)
        .mark_line(color=colour, interpolate=interpolate)  # type: ignore[arg-type]
        .encode(
            x=x,
            y=alt.Y(f"{column}:Q", title=title, axis=alt.Axis(format=form, tickCount=3)),
            tooltip=[
                alt.Tooltip("second:Q", format=".0f"),
                alt.Tooltip(f"{column}:Q", format=form),
            ],
        )
    )
    rules = (
        alt.Chart(decisions)
        .mark_rule(color=VERMILION, strokeDash=[4, 3])
        .encode(x="second:Q", tooltip=[alt.Tooltip("second:Q", format=".0f"), "what:N", "why:N"])
    )
    return layered(line, rules).properties(height=_HEIGHT, width="container")
