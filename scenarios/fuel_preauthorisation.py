"""Is a small amount before a large one only a pump that asks first?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from scenarios.base import Difficulty, Incident, LookAlike, PlannedSwipe, ScenarioParameters, World
from scenarios.drawing import chance, draw_log_evenly, exponential_ms
from scenarios.features import largest_over_smallest
from scenarios.planning import card_incident, fit_into_span, swipe_at
from scenarios.remote import MIN_AMOUNT_MINOR


class FuelPreauthorisationParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`FuelPreauthorisation`. All values are choices.

    Parameters
    ----------
    asked_min_share, asked_max_share
        What the pump asks for first, over what is taken, evenly on the logarithm.
    fuelling_mean_s
        Mean seconds from the question to the amount.
    second_share
        Holders who fuel a second time.
    dear_factor
        Amounts over what the holder usually pays for fuel: trucks, long ways.
    """

    asked_min_share: float
    asked_max_share: float
    fuelling_mean_s: float
    second_share: float
    dear_factor: float


class FuelPreauthorisation(LookAlike):
    """Is a small amount before a large one only a pump that asks first?

    What happens
    ------------
    At an unattended pump the terminal first asks for a small amount, to see that the card is
    good, and after fuelling for what was taken. The two stand minutes apart, at the same
    terminal; who fills two cars or comes back has two pairs.

    Reported by
    -----------
    Nobody; when the card is blocked, the holder, with an empty tank.

    Difficulty
    ----------
    easy: pumps that ask for a good part of the amount. medium: for a few euros. hard: for one
    euro or so, and a long way to go after it.

    References
    ----------
    Visa, "Visa Core Rules and Visa Product and Service Rules", on status-check authorisations
    of automated fuel dispensers, of at most one unit of the currency. Other figures are
    choices.
    """

    name: ClassVar[str] = "fuel_preauthorisation"
    resembles: ClassVar[str] = "test_then_cashout"
    feature_name: ClassVar[str] = "largest amount over the smallest"
    Parameters = FuelPreauthorisationParameters
    parameters: FuelPreauthorisationParameters
    by_difficulty: ClassVar[Mapping[Difficulty, FuelPreauthorisationParameters]] = {
        "easy": FuelPreauthorisationParameters(
            asked_min_share=0.3,
            asked_max_share=0.8,
            fuelling_mean_s=200.0,
            second_share=0.0,
            dear_factor=1.0,
        ),
        "medium": FuelPreauthorisationParameters(
            asked_min_share=0.03,
            asked_max_share=0.2,
            fuelling_mean_s=220.0,
            second_share=0.05,
            dear_factor=1.1,
        ),
        "hard": FuelPreauthorisationParameters(
            asked_min_share=0.012,
            asked_max_share=0.06,
            fuelling_mean_s=240.0,
            second_share=0.2,
            dear_factor=1.3,
        ),
    }

    feature = staticmethod(largest_over_smallest)

    def incident(self, world: World, dial: FuelPreauthorisationParameters) -> Incident:
        """One stop at the pump, or two."""
        card = world.take_card()
        pump = world.terminal(card.place, "5541")
        offsets_ms = [0, exponential_ms(world, dial.fuelling_mean_s, 40.0)]
        if chance(world, dial.second_share):
            again_ms = offsets_ms[-1] + exponential_ms(world, 900.0, 120.0)
            offsets_ms += [again_ms, again_ms + exponential_ms(world, dial.fuelling_mean_s, 40.0)]
        swipes: list[PlannedSwipe] = []
        for number, event_time_ms in enumerate(fit_into_span(world, offsets_ms)):
            swipe = swipe_at(world, card, pump, event_time_ms, "look_alike")
            if number % 2:
                # The card is presented once, for the question; the amount follows by itself.
                swipe = msgspec.structs.replace(swipe, entry_mode=swipes[-1].entry_mode)
            taken_minor = round(swipe.amount_minor * dial.dear_factor)
            if number % 2 == 0:
                share = draw_log_evenly(world, dial.asked_min_share, dial.asked_max_share)
                taken_minor = max(MIN_AMOUNT_MINOR, round(taken_minor * share))
            swipes.append(
                msgspec.structs.replace(swipe, amount_minor=taken_minor, response_code="00")
            )
        return card_incident(card, swipes, holder_swipes_on=True)
