"""What does a story look like over time: the swipes, and each rule's value on them?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import altair as alt
import pandas as pd

from dashboard.colours import BLUE, GREY, ORANGE, PURPLE, SERIES, VERMILION
from dashboard.story import Story
from dashboard.story_table import table_of

#: Along the time axis as it was, or swipe by swipe at even steps.
Axis = Literal["time", "order"]
KIND_COLOURS: Final = {
    "before": GREY,
    "genuine": BLUE,
    "fraudulent": VERMILION,
    "look-alike": ORANGE,
}
_SHAPES: Final = {
    "chip": "circle",
    "contactless": "square",
    "magstripe": "triangle-up",
    "fallback": "triangle-down",
    "ecommerce": "diamond",
    "recurring": "cross",
}
_FIRES: Final = {"fires": VERMILION, "does not fire": BLUE}
#: Over this many times its threshold a value is drawn at the edge. A choice.
_TIMES_MAX: Final = 3.0
#: Rules are drawn from this share of their threshold on. A choice: what came near.
_NEAR: Final = 0.3
#: A story of which what matters takes less of the time than this is told swipe by swipe.
_SHORT: Final = 0.2


def fitting_axis(story: Story) -> Axis:
    """The axis on which the swipes that matter can be told apart."""
    times = [each.swipe.event_time_ms for each in story.swipes]
    marked = [each.swipe.event_time_ms for each in story.marked]
    if not marked or len(times) < 2 or max(times) == min(times):
        return "order"
    share = (max(marked) - min(marked)) / (max(times) - min(times))
    return "time" if share >= _SHORT else "order"


def timeline(story: Story, axis: Axis) -> alt.LayerChart | alt.FacetChart:
    """Amount and kind of each swipe; the first alert as a line."""
    rows = table_of(story)
    currencies = sorted(set(rows["currency"]))
    tooltip = [
        alt.Tooltip("number", title="no."),
        alt.Tooltip("time", title="event time (UTC)", format="%d %b %Y %H:%M:%S"),
        *(alt.Tooltip(name, title=name.replace("_", " ")) for name in ("card", "kind")),
        alt.Tooltip("amount", format=",.2f"),
        *(alt.Tooltip(name) for name in ("currency", "place", "answer", "fired")),
        alt.Tooltip("entry_mode", title="entry mode"),
    ]
    points = (
        alt.Chart(rows)
        .mark_point(size=130, strokeWidth=2, opacity=1)
        .encode(
            x=_x(axis, rows),
            y=alt.Y("amount", title=f"amount ({', '.join(currencies)})"),
            stroke=alt.Stroke("kind:N", title="swipe", scale=_scale("kind", KIND_COLOURS, rows)),
            fill=alt.Fill("kind:N", title="swipe", scale=_scale("kind", KIND_COLOURS, rows)),
            fillOpacity=alt.condition("datum.is_approved", alt.value(1.0), alt.value(0.0)),
            shape=alt.Shape(
                "entry_mode:N",
                title="entry mode",
                scale=_scale("entry_mode", _SHAPES, rows),
                # Black by default, which cannot be seen in the dark.
                legend=alt.Legend(symbolFillColor=GREY, symbolStrokeColor=GREY),
            ),
            tooltip=tooltip,
        )
    )
    layers = [*_alert_line(story, rows, axis), points]
    return alt.layer(*layers).properties(
        title=alt.Title(
            "Swipes of the card" if rows["card"].nunique() == 1 else "Swipes of the cards",
            subtitle="filled: approved, hollow: declined; dashed: the first alert",
            subtitleColor=GREY,
        ),
        height=360,
    )


def values_chart(story: Story, axis: Axis) -> alt.LayerChart | alt.FacetChart | None:
    """How near each rule came to its threshold on each swipe; None where no value is known."""
    rows = _values(story)
    near = [
        limit.rule
        for limit in story.limits
        if len(rows) and rows[rows["rule"] == limit.rule]["times"].max() >= _NEAR
    ]
    if not near:
        return None
    rows = rows[rows["rule"].isin(near)]
    colours = {rule: SERIES[at % len(SERIES)] for at, rule in enumerate(near)}
    lines = (
        alt.Chart(rows)
        .mark_line(point={"size": 60, "filled": True}, strokeWidth=1.5)
        .encode(
            x=_x(axis, table_of(story)),
            y=alt.Y(
                "times",
                title="value / threshold",
                scale=alt.Scale(domain=[0, _TIMES_MAX], clamp=True),
            ),
            color=alt.Color("rule:N", title="rule", sort=near, scale=_scale("rule", colours, rows)),
            strokeDash=alt.StrokeDash("rule:N", title="rule", sort=near),
            tooltip=[
                "rule",
                "number",
                alt.Tooltip("value", format=",.2f"),
                alt.Tooltip("threshold", format=",.2f"),
                "unit",
            ],
        )
    )
    threshold = (
        alt.Chart(pd.DataFrame({"times": [1.0]}))
        .mark_rule(color=GREY, strokeDash=[6, 4], strokeWidth=2)
        .encode(y="times")
    )
    return alt.layer(threshold, lines).properties(
        title=alt.Title(
            "What the rules made of it",
            subtitle=f"from the dashed line on a rule fires; over {_TIMES_MAX:g} times drawn there",
            subtitleColor=GREY,
        ),
        height=240,
    )


def rule_chart(story: Story, rule: str, axis: Axis) -> alt.LayerChart | alt.FacetChart:
    """One rule's value over the swipes, in its own unit, against its threshold."""
    limit = next(each for each in story.limits if each.rule == rule)
    rows = _values(story)
    rows = rows[rows["rule"] == rule]
    bars = (
        alt.Chart(rows)
        .mark_bar(size=10)
        .encode(
            x=_x(axis, table_of(story)),
            y=alt.Y("value", title=limit.unit),
            color=alt.Color("fires:N", title="rule", scale=_scale("fires", _FIRES, rows)),
            tooltip=["number", alt.Tooltip("value", format=",.2f"), "unit", "fires"],
        )
    )
    line = pd.DataFrame({"value": [limit.threshold], "text": [f"threshold {limit.threshold:g}"]})
    threshold = alt.Chart(line).mark_rule(color=GREY, strokeDash=[6, 4], strokeWidth=2)
    text = alt.Chart(line).mark_text(color=GREY, align="left", dx=4, dy=-8, x=0)
    return alt.layer(
        bars, threshold.encode(y="value"), text.encode(y="value", text="text")
    ).properties(title=f"Value of {rule} on each swipe", height=240)


def _values(story: Story) -> pd.DataFrame:
    limits = {each.rule: each for each in story.limits}
    rows = [
        {
            "number": number,
            "time": pd.Timestamp(each.swipe.event_time_ms, unit="ms", tz="UTC"),
            "rule": rule,
            "value": value,
            "threshold": limits[rule].threshold,
            "unit": limits[rule].unit,
            "times": value / limits[rule].threshold if limits[rule].threshold else 0.0,
            "fires": "fires" if value >= limits[rule].threshold else "does not fire",
        }
        for number, each in enumerate(story.swipes, start=1)
        for rule, value in each.values.items()
        if rule in limits
    ]
    return pd.DataFrame(rows)


def _alert_line(story: Story, rows: pd.DataFrame, axis: Axis) -> list[Any]:
    alert = story.first_alert
    if alert is None:
        return []
    at = rows[rows["swipe_id"] == alert.swipe_id]
    if not len(at):
        return []
    line = alt.Chart(at.head(1).assign(text="first alert"))
    field = _x(axis, rows)
    return [
        line.mark_rule(color=PURPLE, strokeDash=[6, 4], strokeWidth=2).encode(x=field),
        line.mark_text(color=PURPLE, align="left", dx=5, y=8).encode(x=field, text="text"),
    ]


def _x(axis: Axis, rows: pd.DataFrame) -> Any:
    if axis == "time":
        return alt.X("time:T", title="event time (UTC)", scale=alt.Scale(type="utc"))
    ticks = alt.Axis(tickMinStep=1, format="d")
    domain = alt.Scale(domain=[0.5, len(rows) + 0.5], nice=False)
    return alt.X("number:Q", title="swipe number, by event time", axis=ticks, scale=domain)


def _scale(field: str, looks: Mapping[str, str], rows: pd.DataFrame) -> Any:
    """Colours or shapes by name; only what is there stands in the legend."""
    here = [name for name in looks if name in set(rows[field])]
    return alt.Scale(domain=here, range=[looks[name] for name in here])
