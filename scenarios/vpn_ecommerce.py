"""Does the holder only pay through a private network abroad?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from scenarios.base import Difficulty, Incident, LookAlike, World
from scenarios.drawing import chance
from scenarios.features import largest_over_typical
from scenarios.planning import card_incident
from scenarios.remote import Session, SpreeParameters, foreign_country, holder_session, spree


class VpnEcommerceParameters(SpreeParameters, frozen=True, kw_only=True):
    """The dial of :class:`VpnEcommerce`: purchases of the holder. All values are choices.

    Parameters
    ----------
    new_device_share
        Holders whose device is one not used before.
    """

    new_device_share: float


class VpnEcommerce(LookAlike):
    """Does the holder only pay through a private network abroad?

    What happens
    ------------
    The holder's telephone or computer, known for long, uses a private network with its exit in
    another country, or roams, and the holder buys on the net as always, something dear at
    times.

    Reported by
    -----------
    Nobody; when the card is blocked, the holder.

    Difficulty
    ----------
    easy: ordinary amounts. medium: dearer things. hard: dear things, and on a device not used
    before at times.

    References
    ----------
    Commission Delegated Regulation (EU) 2018/389, article 18(2)(c)(v), asks for the location of
    the payer, which a private network hides. How often is a choice.
    """

    name: ClassVar[str] = "vpn_ecommerce"
    resembles: ClassVar[str] = "account_takeover"
    feature_name: ClassVar[str] = "largest amount over what the card usually pays"
    Parameters = VpnEcommerceParameters
    parameters: VpnEcommerceParameters
    by_difficulty: ClassVar[Mapping[Difficulty, VpnEcommerceParameters]] = {
        "easy": VpnEcommerceParameters(
            purchases_min=1,
            purchases_max=2,
            gap_mean_s=3_000.0,
            amount_min_factor=0.5,
            amount_max_factor=2.0,
            new_device_share=0.0,
        ),
        "medium": VpnEcommerceParameters(
            purchases_min=1,
            purchases_max=3,
            gap_mean_s=3_000.0,
            amount_min_factor=0.8,
            amount_max_factor=3.5,
            new_device_share=0.1,
        ),
        "hard": VpnEcommerceParameters(
            purchases_min=1,
            purchases_max=4,
            gap_mean_s=4_000.0,
            amount_min_factor=1.1,
            amount_max_factor=5.0,
            new_device_share=0.4,
        ),
    }

    feature = staticmethod(largest_over_typical)

    def incident(self, world: World, dial: VpnEcommerceParameters) -> Incident:
        """One holder behind an exit abroad."""
        card = world.take_card()
        device_id = (
            world.new_device(card)
            if chance(world, dial.new_device_share)
            else holder_session(world, card).device_id
        )
        session = Session(device_id, foreign_country(world, card))
        swipes = spree(world, session, card, dial, "look_alike")
        return card_incident(card, swipes, holder_swipes_on=True)
