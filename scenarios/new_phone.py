"""Does the holder only have a new telephone?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from scenarios.base import Difficulty, Incident, LookAlike, World
from scenarios.drawing import chance
from scenarios.features import largest_over_typical
from scenarios.planning import card_incident
from scenarios.remote import Session, SpreeParameters, foreign_country, spree


class NewPhoneParameters(SpreeParameters, frozen=True, kw_only=True):
    """The dial of :class:`NewPhone`: purchases of the holder. All values are choices.

    Parameters
    ----------
    foreign_share
        Holders who are abroad with it, or behind an exit abroad.
    """

    foreign_share: float


class NewPhone(LookAlike):
    """Does the holder only have a new telephone?

    What happens
    ------------
    The holder has replaced the telephone or the computer and pays on the net from it, at home
    or on a journey; the first days bring things to buy for it.

    Reported by
    -----------
    Nobody; when the card is blocked, the holder, whose old device is sold already.

    Difficulty
    ----------
    easy: ordinary purchases at home. medium: dearer ones. hard: several dear ones within hours,
    some from a journey abroad.

    References
    ----------
    Commission Delegated Regulation (EU) 2018/389, article 18(2)(c)(ii), on unusual devices. The
    figures are choices.
    """

    name: ClassVar[str] = "new_phone"
    resembles: ClassVar[str] = "account_takeover"
    feature_name: ClassVar[str] = "largest amount over what the card usually pays"
    Parameters = NewPhoneParameters
    parameters: NewPhoneParameters
    by_difficulty: ClassVar[Mapping[Difficulty, NewPhoneParameters]] = {
        "easy": NewPhoneParameters(
            purchases_min=1,
            purchases_max=2,
            gap_mean_s=9_000.0,
            amount_min_factor=0.5,
            amount_max_factor=1.5,
            foreign_share=0.0,
        ),
        "medium": NewPhoneParameters(
            purchases_min=1,
            purchases_max=4,
            gap_mean_s=6_000.0,
            amount_min_factor=0.8,
            amount_max_factor=3.0,
            foreign_share=0.05,
        ),
        "hard": NewPhoneParameters(
            purchases_min=1,
            purchases_max=4,
            gap_mean_s=6_000.0,
            amount_min_factor=1.1,
            amount_max_factor=4.8,
            foreign_share=0.25,
        ),
    }

    feature = staticmethod(largest_over_typical)

    def incident(self, world: World, dial: NewPhoneParameters) -> Incident:
        """One new device."""
        card = world.take_card()
        abroad = chance(world, dial.foreign_share)
        session = Session(
            world.new_device(card),
            foreign_country(world, card) if abroad else world.ip_country(card),
        )
        swipes = spree(world, session, card, dial, "look_alike")
        return card_incident(card, swipes, holder_swipes_on=True)
