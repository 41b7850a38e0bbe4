"""What does a card's profile say before the first second?"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from generator.places import CURRENCIES, PLACES
from generator.settings import ReplaySettings
from generator.traffic import Traffic
from job.contracts import CardProfile

_encode = msgspec.json.Encoder().encode


def card_profiles(settings: ReplaySettings, traffic: Traffic) -> Iterator[tuple[str, bytes]]:
    """Token and rendered profile of each card, in the order of the traffic's cards."""
    cards = traffic.cards
    columns = zip(
        traffic.tokens,
        cards.bin,
        cards.home.tolist(),
        cards.current.tolist(),
        cards.amount_count.tolist(),
        cards.amount_log_mean.tolist(),
        cards.amount_log_sd.tolist(),
        cards.devices.tolist(),
        traffic.devices,
        traffic.past,
        strict=True,
    )
    for token, bin_, home, current, count, mean, deviation, owned, ids, past in columns:
        place = PLACES[home]
        value = _encode(
            CardProfile(
                card_token=token,
                bin=bin_,
                updated_ms=settings.event_time_start_ms,
                home_country=place.country,
                home_latitude=place.latitude,
                home_longitude=place.longitude,
                currency=CURRENCIES[place.country][0],
                amount_count=count,
                amount_log_mean=mean,
                amount_log_sd=deviation,
                device_ids=list(ids[:owned]),
                usual_countries=sorted({place.country, PLACES[current].country}),
                recent=past,
            )
        )
        yield token, value
