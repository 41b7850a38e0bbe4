"""Which steps do several scenarios share when they plan?"""

from __future__ import annotations

import math

from scenarios.base import Card, Place, PlannedSwipe, Role, Terminal, World
from scenarios.geography import distance_km

#: Cards tried for a city at the distance wanted, before the world counts as too small.
ATTEMPTS = 200


def card_and_target(world: World, min_km: float, max_km: float) -> tuple[Card, Place]:
    """A card, and a city at that distance (km) from where its holder is.

    Raises
    ------
    ValueError
        If no card's holder has such a city.
    """
    for _ in range(ATTEMPTS):
        card = world.take_card()
        here = card.place
        targets = [
            place
            for place in world.places
            if min_km
            <= distance_km(here.latitude, here.longitude, place.latitude, place.longitude)
            <= max_km
        ]
        if targets:
            return card, targets[int(world.rng.integers(len(targets)))]
    raise ValueError(f"no city is between {min_km} and {max_km} km from any of {ATTEMPTS} cards")


def swipe_at(
    world: World, card: Card, terminal: Terminal, event_time_ms: int, role: Role
) -> PlannedSwipe:
    """A swipe at a counter as the holder makes them: amount, entry mode and answer by habit."""
    amount_minor = world.amount_minor(card, terminal)
    entry_mode = world.entry_mode(card, terminal, amount_minor)
    return PlannedSwipe(
        card=card,
        terminal=terminal,
        event_time_ms=event_time_ms,
        amount_minor=amount_minor,
        entry_mode=entry_mode,
        role=role,
        response_code=world.response_code(entry_mode),
    )


def apart_km(terminal: Terminal, other: Terminal) -> float:
    """Distance of two terminals, km.

    Raises
    ------
    ValueError
        If one of them is a site on the net.
    """
    if (
        terminal.latitude is None
        or terminal.longitude is None
        or other.latitude is None
        or other.longitude is None
    ):
        raise ValueError("a site on the net has no position")
    return distance_km(terminal.latitude, terminal.longitude, other.latitude, other.longitude)


def draw_log_evenly(world: World, low: float, high: float) -> float:
    """A value between the two, evenly on the logarithm."""
    return math.exp(math.log(low) + (math.log(high) - math.log(low)) * float(world.rng.random()))
