"""How are card numbers made up and tried, fast or slowly?"""

from __future__ import annotations

from typing import Protocol

from scenarios.base import Card, PlannedSwipe, Terminal, World
from scenarios.remote import (
    NO_SUCH_CARD,
    WRONG_DETAIL_CODES,
    Session,
    chance,
    factor_of_typical_minor,
    one_of,
    session_swipe,
)


class AttemptDial(Protocol):
    """What an attempt needs of a dial; described where the dials are."""

    @property
    def approved_share(self) -> float:
        """Of the attempts on issued numbers."""

    @property
    def zero_amount_share(self) -> float:
        """Of all attempts."""

    @property
    def amount_min_factor(self) -> float:
        """Over what the card usually pays."""

    @property
    def amount_max_factor(self) -> float:
        """Over what the card usually pays."""


def enumerated_cards(world: World, count: int, issued_share: float) -> list[Card]:
    """So many numbers of one issuer in the order they are tried; at least one has a card."""
    card = world.take_card()
    issued = max(1, int(world.rng.binomial(count, issued_share)))
    cards = [card, *world.take_cards_of_bin(card.bin, issued - 1)]
    cards += [world.unissued_card(card) for _ in range(count - issued)]
    return [cards[row] for row in world.rng.permutation(count).tolist()]


def enumeration_attempt(
    world: World,
    dial: AttemptDial,
    session: Session,
    card: Card,
    site: Terminal,
    event_time_ms: int,
) -> PlannedSwipe:
    """One number tried: unknown, or wrong in its other details, or right."""
    if not card.is_issued:
        response_code = NO_SUCH_CARD
    elif chance(world, dial.approved_share):
        response_code = "00"
    else:
        response_code = one_of(world, WRONG_DETAIL_CODES)
    return session_swipe(
        world,
        session,
        card,
        site,
        event_time_ms,
        "attack",
        amount_minor=factor_of_typical_minor(
            world, card, dial.amount_min_factor, dial.amount_max_factor
        ),
        response_code=response_code,
        is_check=chance(world, dial.zero_amount_share),
    )
