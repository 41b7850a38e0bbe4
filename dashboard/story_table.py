"""What stands in a story's table of swipes, for people?"""

from __future__ import annotations

from typing import Final

import pandas as pd

from dashboard.story import Story, StorySwipe
from generator.places import PLACES
from job.contracts import CARD_PRESENT, Swipe
from job.rules.impossible_travel import great_circle_km

#: A terminal further from a city's centre than this is not called after it, km. A choice.
_CITY_KM: Final = 60.0
_MINOR_PER_MAJOR: Final = 100
_MS_PER_H: Final = 3_600_000
_TOKEN_SHOWN: Final = 8

#: Words for people in place of columns.
COLUMNS: Final = {
    "number": "no.",
    "time": "event time (UTC)",
    "card": "card",
    "kind": "is",
    "amount": "amount",
    "currency": "",
    "place": "place",
    "entry_mode": "entry mode",
    "answer": "answer",
    "km": "km from the last place",
    "km_h": "km/h",
    "fired": "rules that fired",
    "lost": "lost",
}


def table_of(story: Story) -> pd.DataFrame:
    """A row a swipe, by event time.

    ``km`` and ``km_h`` are from the card's last place before, with the card present at both.
    ``lost`` says that a fraudulent swipe was approved before the first alert.
    """
    lost = {each.swipe.swipe_id for each in story.lost}
    last: dict[str, Swipe] = {}
    rows = []
    for number, each in enumerate(story.swipes, start=1):
        swipe = each.swipe
        km, km_h = _journey(last.get(swipe.card_token), swipe)
        if is_placed(swipe):
            last[swipe.card_token] = swipe
        rows.append(
            {
                "number": number,
                "swipe_id": swipe.swipe_id,
                "time": pd.Timestamp(swipe.event_time_ms, unit="ms", tz="UTC"),
                "card": swipe.card_token[:_TOKEN_SHOWN],
                "kind": each.kind,
                "amount": swipe.amount_minor / _MINOR_PER_MAJOR,
                "currency": swipe.currency,
                "place": place_of(swipe),
                "entry_mode": swipe.entry_mode,
                "answer": answer_of(each),
                "is_approved": each.is_approved,
                "km": km,
                "km_h": km_h,
                "fired": ", ".join(each.fired),
                "lost": swipe.swipe_id in lost,
            }
        )
    return pd.DataFrame(rows)


def is_placed(swipe: Swipe) -> bool:
    """Whether the card itself was at a known place."""
    return swipe.entry_mode in CARD_PRESENT and swipe.latitude is not None


def place_of(swipe: Swipe) -> str:
    """The city and country of a terminal; the merchant's country where it is on the net."""
    if swipe.latitude is None or swipe.longitude is None:
        return f"net, {swipe.country}"
    here = (swipe.latitude, swipe.longitude)
    city = min(PLACES, key=lambda one: great_circle_km(*here, one.latitude, one.longitude))
    near = great_circle_km(*here, city.latitude, city.longitude) <= _CITY_KM
    return f"{city.name}, {swipe.country}" if near else swipe.country


def answer_of(each: StorySwipe) -> str:
    """What the host's own checks said."""
    said = "approved" if each.is_approved else "declined"
    what = "" if each.swipe.message_type == "authorisation" else f" ({each.swipe.message_type})"
    return f"{said} {each.swipe.response_code}{what}"


def _journey(before: Swipe | None, swipe: Swipe) -> tuple[float | None, float | None]:
    if before is None or not is_placed(swipe):
        return None, None
    km = great_circle_km(
        before.latitude or 0.0,
        before.longitude or 0.0,
        swipe.latitude or 0.0,
        swipe.longitude or 0.0,
    )
    hours = (swipe.event_time_ms - before.event_time_ms) / _MS_PER_H
    return round(km, 1), round(km / hours) if hours > 0 else None
