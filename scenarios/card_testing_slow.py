"""Is a stolen card tried with small amounts over hours and days?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from scenarios.base import Difficulty, Incident, Role, Scenario, ScenarioParameters, World
from scenarios.drawing import chance, one_of
from scenarios.planning import card_incident, event_times_ms
from scenarios.remote import (
    WRONG_DETAIL_CODES,
    factor_of_typical_minor,
    session_swipe,
    stranger_session,
)


class CardTestingSlowParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`CardTestingSlow`. All values are choices.

    Parameters
    ----------
    tries_min, tries_max
        Tries, evenly.
    gap_mean_s
        Mean seconds between them (exponential).
    check_share
        Tries that are a check for a zero amount.
    amount_min_factor, amount_max_factor
        Of the others: amount over what the card usually pays, evenly on the logarithm.
    declined_share
        Tries with a wrong detail.
    foreign_share
        Thieves whose net address is abroad.
    """

    tries_min: int
    tries_max: int
    gap_mean_s: float
    check_share: float
    amount_min_factor: float
    amount_max_factor: float
    declined_share: float
    foreign_share: float


class CardTestingSlow(Scenario):
    """Is a stolen card tried with small amounts over hours and days?

    What happens
    ------------
    Somebody has bought a list of card details and tries each of them now and then, at one cheap
    shop after another, with small amounts or checks for nothing, so that no count in an hour
    stands out. Some tries are declined for a wrong security code. What works is sold or kept;
    the spending, if it comes, is another attack. The holder goes on living.

    Reported by
    -----------
    The holder, rarely: small amounts are overlooked; the network, from the merchants tried.

    Difficulty
    ----------
    easy: many tries within hours, most of them for nothing. medium: over a day. hard: a few
    over days, of amounts that a holder pays for small things, with hardly a decline.

    References
    ----------
    Visa, "Anti-Enumeration and Account Testing Best Practices for Merchants". OWASP, "Automated
    Threat Handbook: Web Applications", OAT-001 Carding: small amounts that verify stolen cards.
    """

    name: ClassVar[str] = "card_testing_slow"
    role: ClassVar[Role] = "attack"
    Parameters = CardTestingSlowParameters
    parameters: CardTestingSlowParameters
    by_difficulty: ClassVar[Mapping[Difficulty, CardTestingSlowParameters]] = {
        "easy": CardTestingSlowParameters(
            tries_min=6,
            tries_max=12,
            gap_mean_s=1_500.0,
            check_share=0.6,
            amount_min_factor=0.01,
            amount_max_factor=0.05,
            declined_share=0.4,
            foreign_share=0.7,
        ),
        "medium": CardTestingSlowParameters(
            tries_min=4,
            tries_max=8,
            gap_mean_s=9_000.0,
            check_share=0.35,
            amount_min_factor=0.03,
            amount_max_factor=0.15,
            declined_share=0.3,
            foreign_share=0.4,
        ),
        "hard": CardTestingSlowParameters(
            tries_min=3,
            tries_max=6,
            gap_mean_s=26_000.0,
            check_share=0.1,
            amount_min_factor=0.1,
            amount_max_factor=0.7,
            declined_share=0.2,
            foreign_share=0.1,
        ),
    }

    def incident(self, world: World, dial: CardTestingSlowParameters) -> Incident:
        """One card, tried."""
        card = world.take_card()
        session = stranger_session(world, card, dial.foreign_share)
        swipes = []
        for event_time_ms in event_times_ms(
            world, (dial.tries_min, dial.tries_max), 1.0, dial.gap_mean_s
        ):
            declined = chance(world, dial.declined_share)
            swipes.append(
                session_swipe(
                    world,
                    session,
                    card,
                    world.online_terminal(),
                    event_time_ms,
                    "attack",
                    amount_minor=factor_of_typical_minor(
                        world, card, dial.amount_min_factor, dial.amount_max_factor
                    ),
                    response_code=one_of(world, WRONG_DETAIL_CODES) if declined else "00",
                    is_check=chance(world, dial.check_share),
                )
            )
        return card_incident(card, swipes, holder_swipes_on=True)
