"""Does a subscription abroad only renew, for a year at once?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import msgspec

from scenarios.base import Difficulty, Incident, LookAlike, ScenarioParameters, World
from scenarios.drawing import chance, exponential_ms
from scenarios.features import largest_over_typical
from scenarios.planning import card_incident, fit_into_span
from scenarios.remote import factor_of_typical_minor, foreign_site, holder_session, session_swipe

#: Who takes from stored cards (subscriptions, telephone companies), and who is booked (airlines,
#: hotels).
STORED_MCCS: Final = ("5968", "4814")
BOOKED_MCCS: Final = ("4511", "7011")


class RecurringAbroadParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`RecurringAbroad`. All values are choices.

    Parameters
    ----------
    amount_min_factor, amount_max_factor
        Amount over what the card usually pays, evenly on the logarithm.
    booked_share
        Incidents in which the holder books; in the others the merchant takes a stored
        card.
    second_share
        Incidents with a second fee or booking.
    gap_mean_s
        Mean seconds before that.
    """

    amount_min_factor: float
    amount_max_factor: float
    booked_share: float
    second_share: float
    gap_mean_s: float


class RecurringAbroad(LookAlike):
    """Does a subscription abroad only renew, for a year at once?

    What happens
    ------------
    A merchant in another country takes its yearly fee from the stored card, without the holder,
    at a time that nobody chose; or the holder books the year's flight or hotel there. Large,
    foreign, and in order.

    Reported by
    -----------
    Nobody; some holders have forgotten it and dispute it.

    Difficulty
    ----------
    easy: monthly fees, small. medium: a quarter. hard: the whole year at once, or a journey for
    a family.

    References
    ----------
    Visa and Mastercard rules on stored credentials (merchant-initiated transactions). The
    figures are choices.
    """

    name: ClassVar[str] = "recurring_abroad"
    resembles: ClassVar[str] = "amount_spike_cnp"
    feature_name: ClassVar[str] = "largest amount over what the card usually pays"
    Parameters = RecurringAbroadParameters
    parameters: RecurringAbroadParameters
    by_difficulty: ClassVar[Mapping[Difficulty, RecurringAbroadParameters]] = {
        "easy": RecurringAbroadParameters(
            amount_min_factor=0.2,
            amount_max_factor=1.0,
            booked_share=0.1,
            second_share=0.0,
            gap_mean_s=9_000.0,
        ),
        "medium": RecurringAbroadParameters(
            amount_min_factor=0.8,
            amount_max_factor=3.5,
            booked_share=0.2,
            second_share=0.1,
            gap_mean_s=9_000.0,
        ),
        "hard": RecurringAbroadParameters(
            amount_min_factor=1.8,
            amount_max_factor=8.0,
            booked_share=0.4,
            second_share=0.25,
            gap_mean_s=9_000.0,
        ),
    }

    feature = staticmethod(largest_over_typical)

    def incident(self, world: World, dial: RecurringAbroadParameters) -> Incident:
        """One renewal or booking."""
        card = world.take_card()
        booked = chance(world, dial.booked_share)
        site = foreign_site(world, card, BOOKED_MCCS if booked else STORED_MCCS)
        session = holder_session(world, card)
        offsets_ms = [0]
        if chance(world, dial.second_share):
            offsets_ms.append(exponential_ms(world, dial.gap_mean_s, 30.0))
        swipes = []
        for event_time_ms in fit_into_span(world, offsets_ms):
            swipe = session_swipe(
                world,
                session,
                card,
                site,
                event_time_ms,
                "look_alike",
                amount_minor=factor_of_typical_minor(
                    world, card, dial.amount_min_factor, dial.amount_max_factor
                ),
            )
            if not booked:
                swipe = msgspec.structs.replace(
                    swipe, entry_mode="recurring", device_id=None, ip_country=None
                )
            swipes.append(swipe)
        return card_incident(card, swipes, holder_swipes_on=True)
