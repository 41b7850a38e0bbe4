"""Do two people of one household pay with the same card in two cities?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from scenarios.base import Difficulty, Incident, LookAlike, ScenarioParameters, World
from scenarios.drawing import draw_log_evenly
from scenarios.features import implied_speed_km_per_h
from scenarios.planning import apart_km, card_and_target, card_incident, swipe_at


class SharedCardParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`SharedCard`. All values are choices.

    Parameters
    ----------
    distance_min_km, distance_max_km
        Between the two cities.
    speed_min_km_per_h, speed_max_km_per_h
        Speed that the second person's swipe implies, from the first one's; drawn evenly on the
        logarithm.
    swipes_max
        Swipes of the second person, 1 to this, evenly.
    gap_mean_s
        Mean seconds between them (exponential).
    """

    distance_min_km: float
    distance_max_km: float
    speed_min_km_per_h: float
    speed_max_km_per_h: float
    swipes_max: int
    gap_mean_s: float


class SharedCard(LookAlike):
    """Do two people of one household pay with the same card in two cities?

    What happens
    ------------
    The card is in the wallets of two telephones: one person pays at home, the other, who works or
    studies in another city, pays there. Read as one traveller, the card is faster than any train.
    Both are in order.

    Reported by
    -----------
    Nobody; when the card is blocked, either of them.

    Difficulty
    ----------
    easy: hours apart, as a traveller could be. medium: within the hour or two. hard: at any time of
    the same day, minutes apart as well.

    References
    ----------
    That wallets carry one number on several devices is common knowledge in the field. No figures
    on sharing are published that we know of: all are choices.
    """

    name: ClassVar[str] = "shared_card"
    resembles: ClassVar[str] = "geo_jump"
    feature_name: ClassVar[str] = "implied speed, km/h"
    Parameters = SharedCardParameters
    parameters: SharedCardParameters
    by_difficulty: ClassVar[Mapping[Difficulty, SharedCardParameters]] = {
        "easy": SharedCardParameters(
            distance_min_km=150.0,
            distance_max_km=700.0,
            speed_min_km_per_h=20.0,
            speed_max_km_per_h=150.0,
            swipes_max=2,
            gap_mean_s=3_600.0,
        ),
        "medium": SharedCardParameters(
            distance_min_km=150.0,
            distance_max_km=800.0,
            speed_min_km_per_h=60.0,
            speed_max_km_per_h=850.0,
            swipes_max=3,
            gap_mean_s=2_400.0,
        ),
        "hard": SharedCardParameters(
            distance_min_km=150.0,
            distance_max_km=900.0,
            speed_min_km_per_h=150.0,
            speed_max_km_per_h=2_500.0,
            swipes_max=3,
            gap_mean_s=1_500.0,
        ),
    }

    feature = staticmethod(implied_speed_km_per_h)

    def incident(self, world: World, dial: SharedCardParameters) -> Incident:
        """One day of two people."""
        card, there = card_and_target(world, dial.distance_min_km, dial.distance_max_km)
        at_home, elsewhere = world.terminal(card.place), world.terminal(there)
        speed = draw_log_evenly(world, dial.speed_min_km_per_h, dial.speed_max_km_per_h)
        second_ms = world.moment_ms()
        first_ms = second_ms - round(apart_km(at_home, elsewhere) / speed * 3_600_000)
        first = swipe_at(world, card, at_home, first_ms, "look_alike")
        swipes = [first]
        for _ in range(int(world.rng.integers(1, dial.swipes_max + 1))):
            swipes.append(swipe_at(world, card, elsewhere, second_ms, "look_alike"))
            second_ms += round(1000 * (30.0 + float(world.rng.exponential(dial.gap_mean_s))))
            elsewhere = world.terminal(there)
        return card_incident(card, swipes)
