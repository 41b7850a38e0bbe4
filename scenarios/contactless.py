"""What is common to tapping a card, by whomever, and up to which amount is a tap enough?"""

from __future__ import annotations

from typing import Final

from scenarios.base import Incident, PlannedSwipe, Role, ScenarioParameters, World
from scenarios.drawing import chance, one_of
from scenarios.planning import card_incident, event_times_ms
from scenarios.remote import scaled_amount_minor

#: Without a PIN: 50 euro (Commission Delegated Regulation (EU) 2018/389, article 11); in other
#: currencies what that is at the population's rates, so that holders and thieves tap up to the
#: same. Minor units.
_LIMITS_MINOR: Final = {
    "EUR": 5_000,
    "GBP": 4_300,
    "PLN": 21_250,
    "SEK": 55_000,
    "DKK": 37_300,
}


def contactless_limit_minor(currency: str) -> int:
    """The limit in a currency, minor units."""
    return _LIMITS_MINOR[currency]


class TapsParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of a run of taps. All values are choices.

    Parameters
    ----------
    taps_min, taps_max
        Taps, evenly.
    gap_mean_s
        Mean seconds between them (exponential).
    amount_factor
        Amounts over what the holder would spend there; none goes over the contactless limit.
    refused_share
        Taps that are refused: the terminal asks for the PIN.
    """

    taps_min: int
    taps_max: int
    gap_mean_s: float
    amount_factor: float
    refused_share: float


def run_of_taps(world: World, dial: TapsParameters, mccs: tuple[str, ...], role: Role) -> Incident:
    """A card tapped again and again in the city where its holder is; no other swipe meanwhile."""
    card = world.take_card()
    limit_minor = contactless_limit_minor(card.currency)
    swipes = []
    for at_ms in event_times_ms(world, (dial.taps_min, dial.taps_max), 25.0, dial.gap_mean_s):
        counter = world.terminal(card.place, one_of(world, mccs))
        amount_minor = scaled_amount_minor(world, card, counter, dial.amount_factor)
        if amount_minor > limit_minor:
            # Above the limit the terminal asks for the PIN, so what is bought is less.
            amount_minor = limit_minor - int(world.rng.integers(limit_minor // 2))
        swipes.append(
            PlannedSwipe(
                card=card,
                terminal=counter,
                event_time_ms=at_ms,
                amount_minor=amount_minor,
                entry_mode="contactless",
                role=role,
                response_code="65" if chance(world, dial.refused_share) else "00",
            )
        )
    return card_incident(card, swipes)
