"""Does a thief try how far a card goes, from small amounts to large ones?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from scenarios.base import Difficulty, Incident, Role, Scenario, ScenarioParameters, World
from scenarios.drawing import draw_log_evenly
from scenarios.planning import card_incident, fit_into_span, gaps_to_offsets_ms, online_swipe


class RapidEscalationParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`RapidEscalation`. All values are choices.

    Parameters
    ----------
    purchases_min, purchases_max
        Purchases, evenly.
    climb_min, climb_max
        Each amount over the one before, drawn evenly on the logarithm.
    first_minor_min, first_minor_max
        First amount, euro cents, drawn evenly on the logarithm.
    gap_min_s, gap_mean_s
        Least and mean seconds between purchases.
    dip_share
        Purchases that are smaller than the one before, to look ordinary.
    """

    purchases_min: int
    purchases_max: int
    climb_min: float
    climb_max: float
    first_minor_min: float
    first_minor_max: float
    gap_min_s: float
    gap_mean_s: float
    dip_share: float


class RapidEscalation(Scenario):
    """Does a thief try how far a card goes, from small amounts to large ones?

    What happens
    ------------
    Stolen details are used on the net. Each purchase that goes through encourages a larger one,
    until the limit answers 51. The holder goes on living.

    Reported by
    -----------
    The holder, on seeing the largest purchase; the issuer, when the limit is reached.

    Difficulty
    ----------
    easy: amounts that double and more within minutes. medium: gentler, over an hour. hard: over
    several hours, with smaller purchases between, to amounts that the holder pays, too.

    References
    ----------
    R. J. Bolton and D. J. Hand (2002), "Statistical Fraud Detection: A Review", Statistical Science
    17 (3), 235-255, section 3: thieves spend as much as they can before the card is blocked. ECB,
    "Report on card fraud" (2021): most fraud is on the net.
    """

    name: ClassVar[str] = "rapid_escalation"
    role: ClassVar[Role] = "attack"
    Parameters = RapidEscalationParameters
    parameters: RapidEscalationParameters
    by_difficulty: ClassVar[Mapping[Difficulty, RapidEscalationParameters]] = {
        "easy": RapidEscalationParameters(
            purchases_min=5,
            purchases_max=8,
            climb_min=1.8,
            climb_max=3.5,
            first_minor_min=800.0,
            first_minor_max=4_000.0,
            gap_min_s=20.0,
            gap_mean_s=150.0,
            dip_share=0.0,
        ),
        "medium": RapidEscalationParameters(
            purchases_min=4,
            purchases_max=7,
            climb_min=1.4,
            climb_max=2.4,
            first_minor_min=1_000.0,
            first_minor_max=6_000.0,
            gap_min_s=60.0,
            gap_mean_s=620.0,
            dip_share=0.1,
        ),
        "hard": RapidEscalationParameters(
            purchases_min=3,
            purchases_max=6,
            climb_min=1.15,
            climb_max=1.8,
            first_minor_min=1_500.0,
            first_minor_max=8_000.0,
            gap_min_s=240.0,
            gap_mean_s=3_100.0,
            dip_share=0.25,
        ),
    }

    def incident(self, world: World, dial: RapidEscalationParameters) -> Incident:
        """One climb."""
        card = world.take_card()
        count = int(world.rng.integers(dial.purchases_min, dial.purchases_max + 1))
        offsets_ms = gaps_to_offsets_ms(world, count, dial.gap_min_s, dial.gap_mean_s)
        device_id = world.unknown_device()
        amount = draw_log_evenly(world, dial.first_minor_min, dial.first_minor_max)
        swipes = []
        for event_time_ms in fit_into_span(world, offsets_ms):
            dips = world.rng.random() < dial.dip_share
            paid = amount * (0.2 + 0.6 * float(world.rng.random())) if dips else amount
            swipes.append(
                online_swipe(
                    world,
                    card,
                    world.online_terminal(),
                    event_time_ms,
                    "attack",
                    device_id=device_id,
                    amount_minor=max(50, round(paid)),
                    response_code="00",
                )
            )
            amount *= draw_log_evenly(world, dial.climb_min, dial.climb_max)
        return card_incident(card, swipes, holder_swipes_on=True)
