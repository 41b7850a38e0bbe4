"""Is a stolen number used for a few large purchases on the net?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from scenarios.base import Difficulty, Incident, Role, Scenario, ScenarioParameters, World
from scenarios.planning import fit_into_span
from scenarios.remote import (
    REFUSALS,
    RESOLD_MCCS,
    chance,
    count_between,
    exponential_ms,
    factor_of_typical_minor,
    one_of,
    session_swipe,
    stranger_session,
)


class AmountSpikeCnpParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`AmountSpikeCnp`. All values are choices.

    Parameters
    ----------
    purchases_min, purchases_max
        Purchases, evenly.
    gap_mean_s
        Mean seconds between them (exponential).
    amount_min_factor, amount_max_factor
        Amount over what the card usually pays, evenly on the logarithm.
    foreign_share
        Thieves whose net address is abroad.
    declined_share
        Purchases that the host declines.
    """

    purchases_min: int
    purchases_max: int
    gap_mean_s: float
    amount_min_factor: float
    amount_max_factor: float
    foreign_share: float
    declined_share: float


class AmountSpikeCnp(Scenario):
    """Is a stolen number used for a few large purchases on the net?

    What happens
    ------------
    Details from a leak or a skimmed checkout are used at once for what is dear and can be sold
    on: one to three purchases, no tests before. The holder goes on living.

    Reported by
    -----------
    The holder, on seeing the statement or the message of the bank.

    Difficulty
    ----------
    easy: many times what the holder usually pays. medium: several times. hard: not more than a
    flight or a piece of furniture that the holder might buy.

    References
    ----------
    ECB, "Report on card fraud" (2021): four fifths of the value of fraud is without the card.
    Europol, "Internet Organised Crime Threat Assessment" (IOCTA 2021), on skimmed checkouts.
    EBA and ECB, "Report on payment fraud" (December 2025).
    """

    name: ClassVar[str] = "amount_spike_cnp"
    role: ClassVar[Role] = "attack"
    Parameters = AmountSpikeCnpParameters
    parameters: AmountSpikeCnpParameters
    by_difficulty: ClassVar[Mapping[Difficulty, AmountSpikeCnpParameters]] = {
        "easy": AmountSpikeCnpParameters(
            purchases_min=1,
            purchases_max=3,
            gap_mean_s=900.0,
            amount_min_factor=10.0,
            amount_max_factor=40.0,
            foreign_share=0.7,
            declined_share=0.15,
        ),
        "medium": AmountSpikeCnpParameters(
            purchases_min=1,
            purchases_max=3,
            gap_mean_s=2_500.0,
            amount_min_factor=6.0,
            amount_max_factor=18.0,
            foreign_share=0.4,
            declined_share=0.1,
        ),
        "hard": AmountSpikeCnpParameters(
            purchases_min=1,
            purchases_max=2,
            gap_mean_s=7_000.0,
            amount_min_factor=3.0,
            amount_max_factor=9.0,
            foreign_share=0.15,
            declined_share=0.06,
        ),
    }

    def incident(self, world: World, dial: AmountSpikeCnpParameters) -> Incident:
        """One stolen number."""
        card = world.take_card()
        session = stranger_session(world, card, dial.foreign_share)
        offsets_ms = [0]
        for _ in range(count_between(world, dial.purchases_min, dial.purchases_max) - 1):
            offsets_ms.append(offsets_ms[-1] + exponential_ms(world, dial.gap_mean_s, 20.0))
        swipes = [
            session_swipe(
                world,
                session,
                card,
                world.online_terminal(one_of(world, RESOLD_MCCS)),
                event_time_ms,
                "attack",
                amount_minor=factor_of_typical_minor(
                    world, card, dial.amount_min_factor, dial.amount_max_factor
                ),
                response_code=one_of(world, REFUSALS)
                if chance(world, dial.declined_share)
                else "00",
            )
            for event_time_ms in fit_into_span(world, offsets_ms)
        ]
        return Incident(
            entity_type="card",
            entity_id=card.card_token,
            swipes=tuple(swipes),
            holder_swipes_on=True,
        )
