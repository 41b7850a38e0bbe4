"""Card profiles to publish, in a table of their own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
from msgspec.structs import replace

from delivery.profiles.database import Connection, connect, ensure_tables
from delivery.profiles.rows import import_profiles
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


@contextmanager
def filled(url: str, count: int) -> Iterator[Connection]:
    """A connection to a database with so many cards in its table."""
    with connect(url) as connection:
        ensure_tables(connection)
        fill(connection, range(count))
        yield connection


def fill(connection: Connection, numbers: range) -> None:
    """Put these cards into the table."""
    values = [msgspec.json.encode(profile(number)) for number in numbers]
    assert import_profiles(connection, values) == len(values)


def wait_for(condition: Callable[[], bool]) -> None:
    """Until it holds, for a minute at longest."""
    deadline_s = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.1)
