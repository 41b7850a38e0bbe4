"""How is one story told on a page: first what came of it, then the swipes, then the reasons?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.choices import choose
from dashboard.story import Sighting, Story, StorySwipe
from dashboard.story_charts import Axis, fitting_axis, timeline, values_chart
from dashboard.story_map import HEIGHT_PX, story_map
from dashboard.story_table import COLUMNS, table_of

_MINOR_PER_MAJOR = 100
_ROLES = {
    "attack": "attack",
    "look_alike": "innocent look-alike",
    "ordinary": "one card, around an alert",
}


def draw_story(story: Story) -> None:
    """Tell one story."""
    difficulty = "" if story.difficulty is None else f", {story.difficulty}"
    scenario = "" if story.scenario == story.role else f"{story.scenario}{difficulty}: "
    st.subheader(story.name)
    st.caption(f"{scenario}{_ROLES.get(story.role, story.role)}")
    _outcome(story)
    for remark in story.remarks:
        st.caption(remark)
    if not story.swipes:
        st.info("No swipe of this story is known.")
        return
    draw_pictures(story)
    _reasons(story)
    _lost(story)
    with st.expander(f"All {len(story.swipes)} swipes that are shown", expanded=True):
        _table(story, table_of(story))


def draw_pictures(story: Story) -> None:
    """Timeline and map, and the rules' values below."""
    names = {"time": "as they were in time", "order": "evenly, one after the other"}
    axis = choose(
        "axis",
        "Swipes stand",
        ["time", "order"],
        fitting_axis(story),
        shown=names.__getitem__,
        control="radio",
    )
    along: Axis = "time" if axis == "time" else "order"
    left, right = st.columns([3, 2])
    with left:
        st.altair_chart(timeline(story, along), width="stretch")
        values = values_chart(story, along)
        if values is not None:
            st.altair_chart(values, width="stretch")
    with right:
        drawn = story_map(story)
        if drawn is None:
            st.info("The card was at no known place: all swipes were made on the net.")
        else:
            st.markdown("**Where the card was used**")
            st.pydeck_chart(drawn, height=HEIGHT_PX)
            st.caption(
                "Swipes with the card present; arcs lead to the next place. Colours as in the "
                "timeline. Outlines: Natural Earth."
            )


def _outcome(story: Story) -> None:
    alert, marked = story.first_alert, story.marked
    columns = st.columns(4)
    if story.role == "attack":
        frauds = [each for each in marked if each.is_approved]
        columns[0].metric("Attack", "missed" if alert is None else "caught")
        columns[1].metric("First alert", _after(alert, marked))
        columns[2].metric(
            "Lost before the alert",
            money(story.lost),
            help="Fraudulent swipes that were approved before the first alert.",
        )
        columns[3].metric("At stake", money(frauds), help="All approved fraud of this attack.")
        return
    columns[0].metric("Holder", "left alone" if alert is None else "alarmed")
    columns[1].metric("First alert", _after(alert, marked))
    columns[2].metric("Alerts", len({each.swipe_id for each in story.sightings}))


def _after(alert: Sighting | None, marked: Sequence[StorySwipe]) -> str:
    """When the first alert came, from the first swipe of the attack or look-alike on."""
    if alert is None:
        return "none"
    if not marked:
        return _clock(alert.event_time_ms)
    waited_ms = alert.event_time_ms - min(each.swipe.event_time_ms for each in marked)
    if waited_ms <= 0:
        return "at once"
    minutes = waited_ms / 60_000
    return f"after {minutes:.1f} min" if minutes < 120 else f"after {minutes / 60:.1f} h"


def money(swipes: Sequence[StorySwipe]) -> str:
    """Amounts of swipes by currency, in major units.

    Examples
    --------
    >>> money([])
    '0'
    """
    sums: dict[str, int] = {}
    for each in swipes:
        currency = each.swipe.currency
        sums[currency] = sums.get(currency, 0) + each.swipe.amount_minor
    texts = [f"{minor / _MINOR_PER_MAJOR:,.2f} {name}" for name, minor in sorted(sums.items())]
    return ", ".join(texts) or "0"


def _reasons(story: Story) -> None:
    st.markdown("#### Which rule saw what, and when")
    if not story.sightings:
        st.info("No rule raised an alert here.")
        return
    numbers = {each.swipe.swipe_id: at for at, each in enumerate(story.swipes, start=1)}
    rows = [
        {
            "event time (UTC)": pd.Timestamp(each.event_time_ms, unit="ms", tz="UTC"),
            "swipe no.": numbers.get(each.swipe_id),
            "flagged": each.entity_type,
            "action": each.action,
            "reason code": each.reason_code,
            "value": each.value,
            "threshold": each.threshold,
            "unit": each.unit,
            "saw": ", ".join(f"{name} {_short(value)}" for name, value in each.saw.items()),
        }
        for each in story.sightings
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={
            "event time (UTC)": st.column_config.DatetimeColumn(format="DD MMM YYYY HH:mm:ss"),
            "value": st.column_config.NumberColumn(format="%.2f"),
            "threshold": st.column_config.NumberColumn(format="%.2f"),
            "saw": st.column_config.TextColumn(width="large"),
        },
    )


def _lost(story: Story) -> None:
    if story.role != "attack":
        return
    st.markdown("#### Approved before the first alert, and so lost")
    rows = table_of(story)
    rows = rows[rows["lost"]]
    if not len(rows):
        st.info("Nothing: no fraudulent swipe was approved before the first alert.")
        return
    st.caption(f"{len(rows)} swipes, {money(story.lost)}.")
    _table(story, rows.drop(columns="lost"))


def _table(story: Story, rows: pd.DataFrame) -> None:
    dull = [name for name in ("km", "km_h") if rows[name].isna().all()]
    dull += ["card"] if rows["card"].nunique() == 1 else []
    dull += ["lost"] if story.role != "attack" else []
    shown = rows[[name for name in COLUMNS if name in rows and name not in dull]].rename(
        columns=COLUMNS
    )
    st.dataframe(
        shown,
        hide_index=True,
        column_config={
            "event time (UTC)": st.column_config.DatetimeColumn(format="DD MMM YYYY HH:mm:ss"),
            "amount": st.column_config.NumberColumn(format="%.2f"),
        },
    )


def _clock(event_time_ms: int) -> str:
    return f"{datetime.fromtimestamp(event_time_ms / 1000, UTC):%d %b %H:%M}"


def _short(value: Any) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
