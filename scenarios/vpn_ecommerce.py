"""Does the holder only pay through a private network abroad?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from scenarios.base import Difficulty, Incident, LookAlike, ScenarioParameters, World
from scenarios.features import largest_over_typical
from scenarios.planning import fit_into_span
from scenarios.remote import (
    Session,
    chance,
    count_between,
    exponential_ms,
    factor_of_typical_minor,
    foreign_country,
    holder_session,
    session_swipe,
)


class VpnEcommerceParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`VpnEcommerce`. All values are choices.

    Parameters
    ----------
    purchases_min, purchases_max
        Purchases, evenly.
    gap_mean_s
        Mean seconds between them (exponential).
    amount_min_factor, amount_max_factor
        Amount over what the card usually pays, evenly on the logarithm.
    new_device_share
        Holders whose device is one not used before.
    """

    purchases_min: int
    purchases_max: int
    gap_mean_s: float
    amount_min_factor: float
    amount_max_factor: float
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
        offsets_ms = [0]
        for _ in range(count_between(world, dial.purchases_min, dial.purchases_max) - 1):
            offsets_ms.append(offsets_ms[-1] + exponential_ms(world, dial.gap_mean_s, 20.0))
        swipes = [
            session_swipe(
                world,
                session,
                card,
                world.online_terminal(),
                event_time_ms,
                "look_alike",
                amount_minor=factor_of_typical_minor(
                    world, card, dial.amount_min_factor, dial.amount_max_factor
                ),
            )
            for event_time_ms in fit_into_span(world, offsets_ms)
        ]
        return Incident(
            entity_type="card",
            entity_id=card.card_token,
            swipes=tuple(swipes),
            holder_swipes_on=True,
        )
