"""Card profiles to publish."""

from __future__ import annotations

from msgspec.structs import replace

from job.contracts import CardProfile
from job.rules.example import example_swipe

UPDATED_MS = 1_700_000_000_000


def profile(number: int) -> CardProfile:
    """A profile of its own, with swipes, devices and none of either."""
    token = f"c{number}"
    swipes = [
        replace(
            example_swipe(swipe_id=f"{token}-{each}"),
            card_token=token,
            event_time_ms=UPDATED_MS - each,
        )
        for each in range(number % 3, 0, -1)
    ]
    return CardProfile(
        card_token=token,
        bin="400000",
        updated_ms=UPDATED_MS + number,
        home_country="FR",
        home_latitude=48.85 + number / 1_000,
        home_longitude=-2.35,
        currency="EUR",
        amount_count=number,
        amount_log_mean=8.1 + number / 7,
        amount_log_sd=0.5,
        device_ids=[f"d{each}" for each in range(number % 4)],
        usual_countries=["FR", "DE"][: number % 3],
        recent=swipes,
    )
