"""Does the holder fly, and only look like a cloned card?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import msgspec

from scenarios.base import (
    Card,
    Difficulty,
    Incident,
    LookAlike,
    Place,
    PlannedSwipe,
    ScenarioParameters,
    Terminal,
    World,
)
from scenarios.drawing import draw_log_evenly
from scenarios.features import implied_speed_km_per_h
from scenarios.planning import apart_km, card_and_target, swipe_at

_MS_PER_H: Final = 3_600_000
_MS_PER_S: Final = 1_000
_MS_PER_MIN: Final = 60_000


class LegitTravelParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`LegitTravel`. All values are choices.

    Parameters
    ----------
    speed_min_km_per_h, speed_max_km_per_h
        From the last swipe before the flight to the first one after it, by true clocks and places;
        drawn evenly on the logarithm.
    distance_min_km, distance_max_km
        Between the two cities.
    in_flight_share
        Journeys with a swipe on board, which bears the place where the airline's terminal is
        registered.
    wrong_place_share
        Journeys whose first swipe there bears another city of that country: where the merchant
        is registered.
    skewed_clock_share
        Journeys whose first terminal there has a clock that is slow.
    skew_max_min
        By up to so many minutes, evenly, but never to before the swipe at home.
    swipes_max
        Swipes there, 1 to this, evenly.
    gap_mean_s
        Mean seconds between them (exponential).
    """

    speed_min_km_per_h: float
    speed_max_km_per_h: float
    distance_min_km: float
    distance_max_km: float
    in_flight_share: float
    wrong_place_share: float
    skewed_clock_share: float
    skew_max_min: float
    swipes_max: int = 3
    gap_mean_s: float = 300.0


class LegitTravel(LookAlike):
    """Does the holder fly, and only look like a cloned card?

    What happens
    ------------
    The holder pays at home, flies, and pays at the other end: far away, and not much later than a
    flight takes. Some pay on board, where the terminal bears the place it is registered at. Some
    terminals bear their merchant's office instead of their own place, and some have slow clocks,
    so that the journey seems faster than it was. Nothing of it is fraud.

    Reported by
    -----------
    Nobody; when the card is blocked, the holder, to the issuer's telephone line.

    Difficulty
    ----------
    easy: slow journeys, true clocks and places. medium: some errors. hard: the quickest journeys
    that are possible, with frequent errors, at the speeds at which a careful thief uses a clone.

    References
    ----------
    Airliners cruise at about 900 km/h; with boarding and transfer a door-to-door journey reaches
    half of it. That acquirers send registered instead of true positions is common knowledge in
    the field; how often is a choice.
    """

    name: ClassVar[str] = "legit_travel"
    resembles: ClassVar[str] = "geo_jump"
    feature_name: ClassVar[str] = "implied speed, km/h"
    Parameters = LegitTravelParameters
    parameters: LegitTravelParameters
    by_difficulty: ClassVar[Mapping[Difficulty, LegitTravelParameters]] = {
        "easy": LegitTravelParameters(
            speed_min_km_per_h=100.0,
            speed_max_km_per_h=500.0,
            distance_min_km=500.0,
            distance_max_km=12_000.0,
            in_flight_share=0.0,
            wrong_place_share=0.0,
            skewed_clock_share=0.0,
            skew_max_min=0.0,
        ),
        "medium": LegitTravelParameters(
            speed_min_km_per_h=250.0,
            speed_max_km_per_h=700.0,
            distance_min_km=400.0,
            distance_max_km=6_000.0,
            in_flight_share=0.1,
            wrong_place_share=0.1,
            skewed_clock_share=0.1,
            skew_max_min=20.0,
        ),
        "hard": LegitTravelParameters(
            speed_min_km_per_h=400.0,
            speed_max_km_per_h=850.0,
            distance_min_km=300.0,
            distance_max_km=3_000.0,
            in_flight_share=0.15,
            wrong_place_share=0.15,
            skewed_clock_share=0.2,
            skew_max_min=30.0,
        ),
    }

    feature = staticmethod(implied_speed_km_per_h)

    def incident(self, world: World, dial: LegitTravelParameters) -> Incident:
        """One journey."""
        card, target = card_and_target(world, dial.distance_min_km, dial.distance_max_km)
        counter, there = world.terminal(card.place), world.terminal(target)
        speed_km_per_h = draw_log_evenly(world, dial.speed_min_km_per_h, dial.speed_max_km_per_h)
        travel_ms = round(apart_km(counter, there) / speed_km_per_h * _MS_PER_H)
        first_ms = world.moment_ms()
        in_flight, wrong_place, skewed, skew = world.rng.random(4).tolist()
        swipes: list[PlannedSwipe] = []
        left_ms = first_ms - travel_ms
        if in_flight < dial.in_flight_share:
            # The swipe on board is the one in the span; the rest of the journey comes later.
            left_ms = first_ms - travel_ms // 2
            swipes.append(self._on_board(world, card, target, first_ms))
            first_ms = left_ms + travel_ms
        elif skewed < dial.skewed_clock_share:
            slow_ms = min(round(skew * dial.skew_max_min * _MS_PER_MIN), travel_ms // 2)
            left_ms += slow_ms
        if wrong_place < dial.wrong_place_share:
            there = self._registered_elsewhere(world, target, there)
        swipes += self._swipes_there(world, dial, card, target, there, first_ms)
        home = swipe_at(world, card, counter, left_ms, "ordinary")
        home = msgspec.structs.replace(home, response_code="00")
        return Incident(entity_type="card", entity_id=card.card_token, swipes=(home, *swipes))

    def _on_board(
        self, world: World, card: Card, target: Place, event_time_ms: int
    ) -> PlannedSwipe:
        """The airline is at home at one end of the journey."""
        base = card.place if world.rng.random() < 0.5 else target
        return swipe_at(world, card, world.terminal(base, "4511"), event_time_ms, "look_alike")

    def _registered_elsewhere(self, world: World, target: Place, there: Terminal) -> Terminal:
        offices = [p for p in world.places if p.country == target.country and p != target]
        if not offices:
            return there
        office = world.terminal(offices[int(world.rng.integers(len(offices)))])
        return msgspec.structs.replace(there, latitude=office.latitude, longitude=office.longitude)

    def _swipes_there(
        self,
        world: World,
        dial: LegitTravelParameters,
        card: Card,
        target: Place,
        terminal: Terminal,
        first_ms: int,
    ) -> list[PlannedSwipe]:
        swipes: list[PlannedSwipe] = []
        event_time_ms = first_ms
        for _ in range(int(world.rng.integers(1, dial.swipes_max + 1))):
            if event_time_ms >= world.end_ms:
                break
            swipes.append(swipe_at(world, card, terminal, event_time_ms, "look_alike"))
            gap_s = 30.0 + float(world.rng.exponential(dial.gap_mean_s))
            event_time_ms += round(gap_s * _MS_PER_S)
            terminal = world.terminal(target)
        return swipes
