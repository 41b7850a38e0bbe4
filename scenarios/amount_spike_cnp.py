"""Is a stolen number used for a few large purchases on the net?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from scenarios.base import Difficulty, Incident, Role, Scenario, World
from scenarios.remote import ThiefSpreeParameters, thief_spree


class AmountSpikeCnpParameters(ThiefSpreeParameters, frozen=True, kw_only=True):
    """The dial of :class:`AmountSpikeCnp`: purchases of a thief. All values are choices."""


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
        return thief_spree(world, dial)
