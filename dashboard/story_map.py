"""Where was the card, and which way did it seem to jump?

Drawn without map tiles, since there may be no internet: land outlines (Natural Earth, public
domain, 1:110 million), cities by name, and an arc from each place of the card to its next.
"""

from __future__ import annotations

import json
import math
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pydeck as pdk
import streamlit as st

from dashboard.story import Story, StorySwipe
from dashboard.story_charts import KIND_COLOURS
from dashboard.story_table import is_placed, place_of

HEIGHT_PX: Final = 400
#: Width that a map is made to fit, pixels: on a wider one more is seen.
_WIDTH_PX: Final = 340
_TILE_PX: Final = 512
#: Near enough; further in no coast would tell where it is.
_ZOOM_MAX: Final = 4.5
#: Arcs beyond these are left out: the map would show nothing any more. A choice.
_ARCS_MAX: Final = 200
_LAND: Final = Path(__file__).with_name("land.json")
_LAND_RGBA: Final = {"dark": [120, 120, 130, 90], "light": [150, 150, 160, 90]}
_TEXT_RGBA: Final = {"dark": [235, 235, 235, 255], "light": [40, 40, 40, 255]}


def story_map(story: Story) -> pdk.Deck | None:
    """The map; None where the card was at no known place."""
    placed = [each for each in story.swipes if is_placed(each.swipe)]
    if not placed:
        return None
    theme = "dark" if st.context.theme.type == "dark" else "light"
    layers = [
        pdk.Layer(
            "GeoJsonLayer",
            data=_land(),
            stroked=True,
            filled=True,
            get_fill_color=_LAND_RGBA[theme],
            get_line_color=_LAND_RGBA[theme],
            line_width_min_pixels=1,
        ),
        pdk.Layer(
            "ArcLayer",
            data=_jumps(placed),
            get_source_position="start",
            get_target_position="end",
            get_source_color="start_colour",
            get_target_color="end_colour",
            get_width=3,
            pickable=True,
        ),
        pdk.Layer(
            "ScatterplotLayer",
            data=[_dot(each) for each in placed],
            get_position="at",
            get_fill_color="colour",
            get_radius=1,
            radius_min_pixels=7,
            radius_max_pixels=7,
            pickable=True,
        ),
        pdk.Layer(
            "TextLayer",
            data=_names(placed),
            get_position="at",
            get_text="text",
            get_size=14,
            get_color=_TEXT_RGBA[theme],
            get_pixel_offset=[0, -18],
        ),
    ]
    return pdk.Deck(
        layers=layers,
        initial_view_state=_view(placed),
        map_provider=None,  # and no map style: the dashboard would ask for tiles
        tooltip={"text": "{text}"},
        height=HEIGHT_PX,
    )


def _jumps(placed: list[StorySwipe]) -> list[dict[str, Any]]:
    """From each place of a card to its next, where the two differ."""
    of_card: dict[str, list[StorySwipe]] = {}
    for each in placed:
        of_card.setdefault(each.swipe.card_token, []).append(each)
    found = []
    for swipes in of_card.values():
        for one, other in pairwise(swipes):
            if place_of(one.swipe) == place_of(other.swipe):
                continue
            found.append(
                {
                    "start": _at(one),
                    "end": _at(other),
                    "start_colour": _rgb(one),
                    "end_colour": _rgb(other),
                    "text": f"{place_of(one.swipe)} to {place_of(other.swipe)}",
                }
            )
    return found[:_ARCS_MAX]


def _dot(each: StorySwipe) -> dict[str, Any]:
    swipe = each.swipe
    return {
        "at": _at(each),
        "colour": _rgb(each),
        "text": f"{place_of(swipe)}: {each.kind}, {swipe.entry_mode}, "
        f"{swipe.amount_minor / 100:,.2f} {swipe.currency}",
    }


def _names(placed: list[StorySwipe]) -> list[dict[str, Any]]:
    """Each place once, at its first swipe."""
    first = {place_of(each.swipe): _at(each) for each in reversed(placed)}
    return [{"text": text, "at": at} for text, at in first.items()]


def _at(each: StorySwipe) -> list[float]:
    return [each.swipe.longitude or 0.0, each.swipe.latitude or 0.0]


def _rgb(each: StorySwipe) -> list[int]:
    colour = KIND_COLOURS[each.kind]
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _view(placed: list[StorySwipe]) -> pdk.ViewState:
    """All places within sight."""
    longitudes, latitudes = zip(*map(_at, placed), strict=True)
    across = max(max(longitudes) - min(longitudes), 0.5) * 1.5
    # Mercator stretches away from the equator.
    up = max(_mercator(max(latitudes)) - _mercator(min(latitudes)), 0.01) * 1.8
    zoom = min(
        math.log2(_WIDTH_PX * 360 / (_TILE_PX * across)),
        math.log2(HEIGHT_PX * 2 * math.pi / (_TILE_PX * up)),
        _ZOOM_MAX,
    )
    return pdk.ViewState(
        longitude=(max(longitudes) + min(longitudes)) / 2,
        latitude=(max(latitudes) + min(latitudes)) / 2,
        zoom=max(zoom, 0.2),
        pitch=20,
    )


def _mercator(latitude: float) -> float:
    return math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2))


@cache
def _land() -> Any:
    return json.loads(_LAND.read_text())
