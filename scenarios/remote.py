"""What do those share who pay without the card being present, thieves and holders alike?"""

from __future__ import annotations

import math
from typing import Final

import msgspec

from scenarios.base import Card, Incident, PlannedSwipe, Role, ScenarioParameters, Terminal, World
from scenarios.drawing import chance, draw_log_evenly, one_of
from scenarios.planning import ATTEMPTS, card_incident, event_times_ms, online_swipe

MS_PER_H: Final = 3_600_000
#: Where goods are that can be resold or used at once: catalogue merchants, games and vouchers,
#: clothing, flights, hotels. The kinds are those that the Europol IOCTA names; their equal weight
#: is a choice.
RESOLD_MCCS: Final = ("5964", "5816", "5651", "4511", "7011")
#: What a host answers where the details are wrong: security code, expiry date, do not honour.
WRONG_DETAIL_CODES: Final = ("N7", "54", "05")
#: What a host answers to a purchase whose details are right: insufficient funds, over the limit, do
#: not honour. Their weights are a choice.
REFUSALS: Final = ("51", "51", "61", "05", "05")
#: Nobody has a card of that number.
NO_SUCH_CARD: Final = "14"
#: The least that anybody pays, minor units; as for ordinary swipes.
MIN_AMOUNT_MINOR: Final = 50


class SpreeParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of purchases by one person from one device.

    Parameters
    ----------
    purchases_min, purchases_max
        Purchases, evenly.
    gap_mean_s
        Mean seconds between them (exponential).
    amount_min_factor, amount_max_factor
        Amount over what the card usually pays, evenly on the logarithm.
    """

    purchases_min: int
    purchases_max: int
    gap_mean_s: float
    amount_min_factor: float
    amount_max_factor: float


class ThiefSpreeParameters(SpreeParameters, frozen=True, kw_only=True):
    """The dial of purchases by somebody who is not the holder.

    Parameters
    ----------
    foreign_share
        Thieves whose net address is abroad.
    declined_share
        Purchases that the host declines.
    """

    foreign_share: float
    declined_share: float


class Session(msgspec.Struct, frozen=True, gc=False):
    """From where somebody pays: the device, and the country of its net address."""

    device_id: str
    ip_country: str


def foreign_country(world: World, card: Card) -> str:
    """A country in which the holder neither lives nor is."""
    own = (card.home_country, card.place.country)
    abroad = sorted({place.country for place in world.places} - set(own))
    return abroad[int(world.rng.integers(len(abroad)))]


def stranger_session(world: World, card: Card, foreign_share: float) -> Session:
    """A thief's device, abroad or behind a proxy in the country that the card is from."""
    abroad = chance(world, foreign_share)
    return Session(
        world.unknown_device(), foreign_country(world, card) if abroad else card.home_country
    )


def holder_session(world: World, card: Card) -> Session:
    """One of the holder's own devices, where the holder is."""
    device_id = card.device_ids[int(world.rng.integers(len(card.device_ids)))]
    return Session(device_id, world.ip_country(card))


def foreign_site(world: World, card: Card, mccs: tuple[str, ...]) -> Terminal:
    """A merchant on the net in another country than the card's.

    Raises
    ------
    ValueError
        If there is none.
    """
    for _ in range(ATTEMPTS):
        site = world.online_terminal(one_of(world, mccs))
        if site.country != card.home_country:
            return site
    raise ValueError(f"no merchant of the categories {', '.join(mccs)} abroad")


def factor_of_typical_minor(world: World, card: Card, low: float, high: float) -> int:
    """An amount (minor units) of so many times what the card usually pays, evenly on the log."""
    typical_minor = math.exp(card.amount_log_mean)
    return max(MIN_AMOUNT_MINOR, round(typical_minor * draw_log_evenly(world, low, high)))


def scaled_amount_minor(world: World, card: Card, terminal: Terminal, factor: float) -> int:
    """What the holder would spend there, times a factor, minor units."""
    return max(MIN_AMOUNT_MINOR, round(world.amount_minor(card, terminal) * factor))


def session_swipe(
    world: World,
    session: Session,
    card: Card,
    terminal: Terminal,
    event_time_ms: int,
    role: Role,
    *,
    amount_minor: int | None = None,
    response_code: str | None = None,
    is_check: bool = False,
) -> PlannedSwipe:
    """A payment from there, or a check of the card for a zero amount."""
    return online_swipe(
        world,
        card,
        terminal,
        event_time_ms,
        role,
        device_id=session.device_id,
        ip_country=session.ip_country,
        amount_minor=amount_minor,
        response_code=response_code,
        message_type="zero_amount_check" if is_check else "authorisation",
    )


def spree(
    world: World, session: Session, card: Card, dial: SpreeParameters, role: Role
) -> list[PlannedSwipe]:
    """Purchases of one person: a thief buys what can be sold on, a holder anything."""
    resold = RESOLD_MCCS if role == "attack" else None
    declined_share = dial.declined_share if isinstance(dial, ThiefSpreeParameters) else None
    counts = (dial.purchases_min, dial.purchases_max)
    swipes = []
    for event_time_ms in event_times_ms(world, counts, 20.0, dial.gap_mean_s):
        response_code = None
        if declined_share is not None:
            response_code = one_of(world, REFUSALS) if chance(world, declined_share) else "00"
        swipes.append(
            session_swipe(
                world,
                session,
                card,
                world.online_terminal(None if resold is None else one_of(world, resold)),
                event_time_ms,
                role,
                amount_minor=factor_of_typical_minor(
                    world, card, dial.amount_min_factor, dial.amount_max_factor
                ),
                response_code=response_code,
            )
        )
    return swipes


def thief_spree(world: World, dial: ThiefSpreeParameters) -> Incident:
    """An incident: a thief's purchases, while the holder goes on living."""
    card = world.take_card()
    session = stranger_session(world, card, dial.foreign_share)
    swipes = spree(world, session, card, dial, "attack")
    return card_incident(card, swipes, holder_swipes_on=True)
