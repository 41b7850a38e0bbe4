"""Which steps do several scenarios share when they plan?"""

from __future__ import annotations

from collections.abc import Sequence

from job.contracts import MessageType
from scenarios.base import Card, Incident, Place, PlannedSwipe, Role, Terminal, World
from scenarios.drawing import chance, exponential_ms
from scenarios.geography import distance_km

#: Cards tried for a city at the distance wanted, before the world counts as too small.
ATTEMPTS = 200
#: Half the equator: no city is further.
_ANYWHERE_KM = 20_000.0


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


def copied_card(world: World, away_share: float, away_min_km: float) -> tuple[Card, Place]:
    """A card, and the city where its copy is used: a far one as often as the share says."""
    if chance(world, away_share):
        return card_and_target(world, away_min_km, _ANYWHERE_KM)
    card = world.take_card()
    return card, card.place


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


def online_swipe(
    world: World,
    card: Card,
    terminal: Terminal,
    event_time_ms: int,
    role: Role,
    *,
    device_id: str | None = None,
    ip_country: str | None = None,
    amount_minor: int | None = None,
    response_code: str | None = None,
    message_type: MessageType = "authorisation",
) -> PlannedSwipe:
    """A payment on the net; what is not given is as the holder's own."""
    if device_id is None:
        device_id = card.device_ids[int(world.rng.integers(len(card.device_ids)))]
    if amount_minor is None:
        amount_minor = world.amount_minor(card, terminal)
    return PlannedSwipe(
        card=card,
        terminal=terminal,
        event_time_ms=event_time_ms,
        amount_minor=0 if message_type == "zero_amount_check" else amount_minor,
        entry_mode="ecommerce",
        role=role,
        response_code=world.response_code("ecommerce") if response_code is None else response_code,
        message_type=message_type,
        device_id=device_id,
        ip_country=world.ip_country(card) if ip_country is None else ip_country,
    )


def fit_into_span(world: World, offsets_ms: Sequence[int]) -> list[int]:
    """Event times of swipes at these offsets (ms, ascending from 0) from the first of them.

    Where all fit into the world's span they all lie in it. Where they do not, as in a replay of a
    minute, one of them, drawn evenly, does; those before it may be history, and those past the end
    are left out when the plan is trimmed.
    """
    length_ms = offsets_ms[-1]
    moment_ms = world.moment_ms()
    if moment_ms + length_ms < world.end_ms:
        return [moment_ms + offset_ms for offset_ms in offsets_ms]
    if world.start_ms + length_ms < world.end_ms:
        first_ms = int(world.rng.integers(world.start_ms, world.end_ms - length_ms))
        return [first_ms + offset_ms for offset_ms in offsets_ms]
    anchor_ms = offsets_ms[int(world.rng.integers(len(offsets_ms)))]
    return [moment_ms + offset_ms - anchor_ms for offset_ms in offsets_ms]


def gaps_to_offsets_ms(world: World, count: int, gap_min_s: float, gap_mean_s: float) -> list[int]:
    """Offsets of so many swipes, ms from the first; gaps are a least one plus an exponential."""
    offsets_ms = [0]
    for _ in range(count - 1):
        offsets_ms.append(offsets_ms[-1] + exponential_ms(world, gap_mean_s, gap_min_s))
    return offsets_ms


def event_times_ms(
    world: World, counts: tuple[int, int], gap_min_s: float, gap_mean_s: float
) -> list[int]:
    """Event times of a number of swipes between the two (evenly), so far apart, in the span."""
    count = int(world.rng.integers(counts[0], counts[1] + 1))
    return fit_into_span(world, gaps_to_offsets_ms(world, count, gap_min_s, gap_mean_s))


def card_incident(
    card: Card, swipes: Sequence[PlannedSwipe], *, holder_swipes_on: bool = False
) -> Incident:
    """An incident that concerns one card."""
    return Incident(
        entity_type="card",
        entity_id=card.card_token,
        swipes=tuple(swipes),
        holder_swipes_on=holder_swipes_on,
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
