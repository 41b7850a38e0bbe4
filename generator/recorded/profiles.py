"""What is known of each card before the first swipe that is sent?

The warm start, from the beginning of the data alone: nothing of a card's profile is later than
the first sent swipe, and labels play no part, as they would not have been known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from math import log
from operator import attrgetter
from statistics import fmean, median, stdev
from typing import Any, Final

import duckdb
import msgspec

from generator.recorded.swipes import swipes_of
from job.contracts import APPROVED, CARD_PRESENT, CardProfile, Swipe

#: Newest swipes that a profile carries, as many as the generated ones. A choice.
RECENT: Final = 8
#: Devices and countries that the contract lets a profile carry.
_MOST: Final = 16
#: Approved swipes from which on a country is usual. A choice.
_USUAL_FROM: Final = 2
_encode = msgspec.json.Encoder().encode


def card_profiles(
    database: duckdb.DuckDBPyConnection, start_ms: int
) -> Iterator[tuple[str, bytes, int]]:
    """Token and rendered profile of each card with a past, and how many swipes it carries.

    Parameters
    ----------
    database
        With the table ``swipes``.
    start_ms
        Event time of the first sent swipe's day; what is before is the past.
    """
    past = swipes_of(
        database,
        f'FROM swipes WHERE event_time_ms < {start_ms} ORDER BY card_token, event_time_ms, "row"',
    )
    for token, swipes in groupby(past, key=attrgetter("card_token")):
        profile = _profile(token, list(swipes), start_ms)
        yield token, _encode(profile), len(profile.recent)


def _profile(token: str, past: list[Swipe], start_ms: int) -> CardProfile:
    approved = [swipe for swipe in past if swipe.response_code in APPROVED]
    logs = [
        log(swipe.amount_minor)
        for swipe in approved
        if swipe.amount_minor > 0 and swipe.message_type == "authorisation"
    ]
    countries = Counter(swipe.country for swipe in approved or past)
    home = countries.most_common(1)[0][0]
    usual = [country for country, count in countries.most_common(_MOST) if count >= _USUAL_FROM]
    latitude, longitude = _home_place(past, home)
    devices = dict.fromkeys(swipe.device_id for swipe in approved if swipe.device_id is not None)
    return CardProfile(
        card_token=token,
        bin=past[-1].bin,
        updated_ms=start_ms,
        home_country=home,
        home_latitude=latitude,
        home_longitude=longitude,
        currency=past[-1].currency,
        amount_count=len(logs),
        amount_log_mean=round(fmean(logs), 9) if logs else 0.0,
        amount_log_sd=round(stdev(logs), 9) if len(logs) > 1 else 0.0,
        device_ids=list(devices)[-_MOST:],
        usual_countries=sorted({home, *usual[: _MOST - 1]}),
        recent=past[-RECENT:],
    )


def _home_place(past: list[Swipe], home: str) -> tuple[float, float]:
    """The middle of where the card itself was in its home country; 0, 0 where nobody knows."""
    places: list[Any] = [
        (swipe.latitude, swipe.longitude)
        for swipe in past
        if swipe.country == home and swipe.latitude is not None and swipe.entry_mode in CARD_PRESENT
    ]
    if not places:
        return 0.0, 0.0
    return median(place[0] for place in places), median(place[1] for place in places)
