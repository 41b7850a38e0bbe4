"""What do a board's tables look like?"""

from __future__ import annotations

from typing import Final

import altair as alt
import pandas as pd

from dashboard.colours import BLUE, GREY, ORANGE, SERIES, SKY_BLUE, VERMILION
from scenarios.base import DIFFICULTIES

#: Of difficulties: a blue, an orange and a red that everybody tells apart, with a shape each.
_DIFFICULTY_COLOURS: Final = dict(zip(DIFFICULTIES, (SKY_BLUE, BLUE, VERMILION), strict=True))
_DIFFICULTY_SHAPES: Final = ("circle", "square", "triangle-up")
_ROW_PX: Final = 30
_HEAT_ROW_PX: Final = 26
#: Room for title and axis, which a chart's height includes.
_AROUND_PX: Final = 130
#: From this share on a cell is so light that its text must be dark (viridis).
_LIGHT_FROM: Final = 0.55


def heat_map(matrix: pd.DataFrame, role: str, difficulty: str) -> alt.LayerChart | alt.FacetChart:
    """How often each rule fires in each scenario: share as colour, counts as text."""
    cells = matrix[(matrix["role"] == role) & (matrix["difficulty"] == difficulty)].copy()
    cells["text"] = cells["fired"].map(str) + "/" + cells["incidents"].map(str)
    base = alt.Chart(cells).encode(
        x=alt.X("rule:N", title=None, axis=alt.Axis(labelAngle=-30, orient="top", labelLimit=200)),
        y=_scenarios(cells),
        tooltip=["scenario", "rule", "text", alt.Tooltip("share", format=".1%")],
    )
    squares = base.mark_rect().encode(
        color=alt.Color(
            "share:Q",
            title="share",
            scale=alt.Scale(scheme="viridis", domain=[0, 1]),
            legend=alt.Legend(format=".0%"),
        )
    )
    text = base.mark_text(fontSize=11).encode(
        text="text",
        color=alt.condition(
            f"datum.share > {_LIGHT_FROM}", alt.value("#000000"), alt.value("#ffffff")
        ),
    )
    what = "attacks" if role == "attack" else "look-alikes"
    return alt.layer(squares, text).properties(
        title=f"In how many {what} each rule fires",
        height=_HEAT_ROW_PX * cells["scenario"].nunique() + _AROUND_PX,
    )


def shares_chart(scenarios: pd.DataFrame, role: str) -> alt.LayerChart | alt.FacetChart:
    """Share caught, or alarmed, by scenario and difficulty with 95% intervals."""
    rows = scenarios[(scenarios["role"] == role) & (scenarios["difficulty"] != "all")]
    is_attack = role == "attack"
    base = alt.Chart(rows).encode(
        y=_scenarios(rows),
        yOffset=alt.YOffset("difficulty:N", sort=list(DIFFICULTIES)),
        tooltip=[
            "scenario",
            "difficulty",
            alt.Tooltip("alerted", title="caught" if is_attack else "alarmed"),
            "incidents",
            *(alt.Tooltip(name, format=".1%") for name in ("share", "low", "high")),
            alt.Tooltip("random_share", title="by chance", format=".1%"),
        ],
    )
    colour = alt.Color(
        "difficulty:N",
        sort=list(DIFFICULTIES),
        scale=alt.Scale(
            domain=list(DIFFICULTIES), range=[_DIFFICULTY_COLOURS[d] for d in DIFFICULTIES]
        ),
    )
    shape = alt.Shape(
        "difficulty:N",
        sort=list(DIFFICULTIES),
        scale=alt.Scale(domain=list(DIFFICULTIES), range=list(_DIFFICULTY_SHAPES)),
    )
    x_title = "share caught" if is_attack else "share that raised an alert"
    x_axis = alt.X(
        "share:Q",
        title=x_title,
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format=".0%", orient="top"),
    )
    bars = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", title=x_title), x2="high:Q", color=colour
    )
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=x_axis, color=colour, shape=shape
    )
    chance = base.mark_tick(color=GREY, thickness=2, height=8).encode(
        x=alt.X("random_share:Q", title=x_title)
    )
    layers = [bars, chance, points] if is_attack else [bars, points]
    subtitle = "lines: 95% intervals" + (
        "; grey ticks: as many alerts at random" if is_attack else ""
    )
    title = "Attacks caught" if is_attack else "Innocent look-alikes that raised an alert"
    return alt.layer(*layers).properties(
        title=alt.Title(title, subtitle=subtitle, subtitleColor=GREY),
        height=_ROW_PX * rows["scenario"].nunique() + _AROUND_PX,
    )


def curves_chart(curves: pd.DataFrame, prevalence: float) -> alt.LayerChart | alt.FacetChart:
    """Precision over recall by swipe, of the score and of each rule alone.

    Between two thresholds the precision of the lower one is drawn, as average precision counts it.
    """
    names = ["score", *sorted(set(curves["curve"]) - {"score"})]
    # The score is drawn thick, in a colour of its own.
    others = [colour for colour in SERIES if colour != VERMILION]
    colours = [VERMILION, *(others[at % len(others)] for at in range(len(names) - 1))]
    picked = alt.selection_point(fields=["curve"], bind="legend")
    lines = (
        alt.Chart(curves)
        .mark_line(point={"size": 10}, interpolate="step-before")
        .encode(
            x=alt.X(
                "recall:Q",
                title="recall by swipe",
                axis=alt.Axis(format=".0%"),
                scale=alt.Scale(domain=[0, 1]),
            ),
            y=alt.Y(
                "precision:Q",
                title="precision by swipe",
                axis=alt.Axis(format=".0%"),
                scale=alt.Scale(domain=[0, 1]),
            ),
            order="recall:Q",
            color=alt.Color(
                "curve:N", title="curve", sort=names, scale=alt.Scale(domain=names, range=colours)
            ),
            strokeDash=alt.StrokeDash("curve:N", sort=names, title="curve"),
            strokeWidth=alt.condition(alt.datum.curve == "score", alt.value(3.5), alt.value(1.5)),
            opacity=alt.condition(picked, alt.value(1.0), alt.value(0.08)),
            tooltip=[
                "curve",
                alt.Tooltip("threshold", format=".4g"),
                alt.Tooltip("flagged", format=",.0f"),
                *(alt.Tooltip(name, format=".2%") for name in ("precision", "recall")),
                alt.Tooltip("alert_rate", title="alert rate", format=".4%"),
            ],
        )
        .add_params(picked)
    )
    chance = (
        alt.Chart(pd.DataFrame({"precision": [prevalence]}))
        .mark_rule(color=ORANGE, strokeDash=[6, 4])
        .encode(y="precision:Q")
    )
    return alt.layer(chance, lines).properties(
        title=alt.Title(
            "Precision over recall",
            subtitle="dashed: alerts at random; click on a name to single it out",
            subtitleColor=GREY,
        ),
        height=380,
    )


def _scenarios(rows: pd.DataFrame) -> alt.Y:
    """One row a scenario, the sum over all of them first."""
    names = sorted(set(rows["scenario"]), key=lambda name: (not name.startswith("all "), name))
    axis = alt.Axis(labelLimit=220, labelOverlap=False)
    return alt.Y("scenario:N", title=None, sort=names, axis=axis)
