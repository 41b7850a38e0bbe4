"""How are card numbers made up and tried, fast or slowly?"""

from __future__ import annotations

from scenarios.base import Card, Incident, PlannedSwipe, ScenarioParameters, Terminal, World
from scenarios.drawing import chance, one_of
from scenarios.planning import event_times_ms
from scenarios.remote import (
    NO_SUCH_CARD,
    WRONG_DETAIL_CODES,
    Session,
    factor_of_typical_minor,
    session_swipe,
    stranger_session,
)


class EnumerationParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of a run through the numbers of an issuer.

    Parameters
    ----------
    numbers_min, numbers_max
        Card numbers tried, evenly.
    gap_mean_s
        Mean seconds between two attempts (a tenth of it plus an exponential).
    issued_share
        Of the numbers: those that a card has; of at least one.
    approved_share
        Of the attempts on issued numbers: those whose other details are right, too.
    zero_amount_share
        Attempts that only check the card, for a zero amount.
    amount_min_factor, amount_max_factor
        Amount of the others over what the card usually pays, evenly on the logarithm.
    device_change_share
        Attempts that come from another device (and net address) than the one before.
    foreign_ip_share
        Devices with a net address in another country than the issuer's.
    """

    numbers_min: int
    numbers_max: int
    gap_mean_s: float
    issued_share: float
    approved_share: float
    zero_amount_share: float
    amount_min_factor: float
    amount_max_factor: float
    device_change_share: float
    foreign_ip_share: float


def enumerated_cards(world: World, count: int, issued_share: float) -> list[Card]:
    """So many numbers of one issuer in the order they are tried; at least one has a card."""
    card = world.take_card()
    issued = max(1, int(world.rng.binomial(count, issued_share)))
    cards = [card, *world.take_cards_of_bin(card.bin, issued - 1)]
    cards += [world.unissued_card(card) for _ in range(count - issued)]
    return [cards[row] for row in world.rng.permutation(count).tolist()]


def enumeration_attempt(
    world: World,
    dial: EnumerationParameters,
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


def enumeration(world: World, dial: EnumerationParameters, same_site_share: float) -> Incident:
    """One run through the numbers of an issuer.

    ``same_site_share``: attempts at the same merchant as the one before.
    """
    counts = (dial.numbers_min, dial.numbers_max)
    times_ms = event_times_ms(world, counts, dial.gap_mean_s / 10, dial.gap_mean_s)
    cards = enumerated_cards(world, len(times_ms), dial.issued_share)
    site = world.online_terminal()
    session = stranger_session(world, cards[0], dial.foreign_ip_share)
    swipes = []
    for card, at_ms in zip(cards, times_ms, strict=True):
        if not chance(world, same_site_share):
            site = world.online_terminal()
        if chance(world, dial.device_change_share):
            session = stranger_session(world, card, dial.foreign_ip_share)
        swipes.append(enumeration_attempt(world, dial, session, card, site, at_ms))
    return Incident(
        entity_type="bin",
        entity_id=cards[0].bin,
        swipes=tuple(swipes),
        holder_swipes_on=True,
    )
