"""Is a cloned card used elsewhere too soon after its holder used it?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import msgspec

from scenarios.base import (
    Card,
    Difficulty,
    Incident,
    Place,
    PlannedSwipe,
    Role,
    Scenario,
    ScenarioParameters,
    Terminal,
    World,
)
from scenarios.drawing import draw_log_evenly
from scenarios.planning import apart_km, card_and_target, card_incident, swipe_at

_MS_PER_H: Final = 3_600_000
_MS_PER_S: Final = 1_000


class GeoJumpParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`GeoJump`. All values are choices unless the page names a source.

    Parameters
    ----------
    speed_min_km_per_h, speed_max_km_per_h
        Speed that the clone's first swipe implies, from the genuine one before it; drawn evenly
        on the logarithm.
    distance_min_km, distance_max_km
        Between the two cities.
    swipes_max
        Swipes of the clone, 1 to this, evenly.
    gap_mean_s
        Mean seconds between them (exponential).
    magstripe_share
        Of the clone's swipes: read from a copied stripe; the others look as the holder's do.
    amount_factor
        Amounts over what the holder would spend at the same terminal.
    declined_share
        Swipes that the host's own checks decline.
    holder_swipes_share
        Incidents in which the holder also swipes, at home, shortly after the clone did.
    """

    speed_min_km_per_h: float
    speed_max_km_per_h: float
    distance_min_km: float
    distance_max_km: float
    swipes_max: int
    gap_mean_s: float
    magstripe_share: float
    amount_factor: float
    declined_share: float
    holder_swipes_share: float = 0.3


class GeoJump(Scenario):
    """Is a cloned card used elsewhere too soon after its holder used it?

    What happens
    ------------
    The holder pays at a counter. A copy of the card (skimmed stripe, or a wallet made from stolen
    data) is used at counters in another city, sooner than the holder could travel. The genuine
    swipe often lies before the first second of a short replay: then it stands in the card's
    history. In some incidents the holder goes on paying where the holder is; those swipes are
    genuine.

    Reported by
    -----------
    The holder, on seeing the statement or a message of the bank; the issuer, when the chip's
    counter runs backwards.

    Difficulty
    ----------
    easy: thousands of km/h, from a magnetic stripe, large amounts, several swipes. medium: up to a
    few thousand km/h. hard: speeds that a passenger just reaches, few swipes, the holder's usual
    amounts and mostly the usual entry modes.

    References
    ----------
    Europol, "Payment Card Fraud in the European Union" (2012), describes counterfeit cards cashed
    in overseas; ECB, "Report on card fraud" (2021), counts counterfeit fraud as largely outside
    the area where chips are read. Airliners cruise at about 900 km/h.
    """

    name: ClassVar[str] = "geo_jump"
    role: ClassVar[Role] = "attack"
    companions: ClassVar[tuple[str, ...]] = ("legit_travel",)
    companion_ratio: ClassVar[float] = 2.0
    Parameters = GeoJumpParameters
    parameters: GeoJumpParameters
    by_difficulty: ClassVar[Mapping[Difficulty, GeoJumpParameters]] = {
        "easy": GeoJumpParameters(
            speed_min_km_per_h=3_000.0,
            speed_max_km_per_h=30_000.0,
            distance_min_km=1_000.0,
            distance_max_km=12_000.0,
            swipes_max=5,
            gap_mean_s=90.0,
            magstripe_share=0.9,
            amount_factor=3.0,
            declined_share=0.2,
        ),
        "medium": GeoJumpParameters(
            speed_min_km_per_h=1_000.0,
            speed_max_km_per_h=4_000.0,
            distance_min_km=500.0,
            distance_max_km=6_000.0,
            swipes_max=4,
            gap_mean_s=180.0,
            magstripe_share=0.5,
            amount_factor=1.8,
            declined_share=0.15,
        ),
        "hard": GeoJumpParameters(
            speed_min_km_per_h=450.0,
            speed_max_km_per_h=1_000.0,
            distance_min_km=300.0,
            distance_max_km=3_000.0,
            swipes_max=3,
            gap_mean_s=600.0,
            magstripe_share=0.1,
            amount_factor=1.0,
            declined_share=0.08,
        ),
    }

    def incident(self, world: World, dial: GeoJumpParameters) -> Incident:
        """One cloned card."""
        card, target = card_and_target(world, dial.distance_min_km, dial.distance_max_km)
        counter, elsewhere = world.terminal(card.place), world.terminal(target)
        speed_km_per_h = draw_log_evenly(world, dial.speed_min_km_per_h, dial.speed_max_km_per_h)
        first_ms = world.moment_ms()
        travel_ms = round(apart_km(counter, elsewhere) / speed_km_per_h * _MS_PER_H)
        genuine = swipe_at(world, card, counter, first_ms - travel_ms, "ordinary")
        # A declined swipe would be a poor proof of where the holder was.
        swipes = [msgspec.structs.replace(genuine, response_code="00")]
        swipes += self._clone_swipes(world, dial, card, target, elsewhere, first_ms)
        if world.rng.random() < dial.holder_swipes_share:
            after_s = 1.0 + float(world.rng.exponential(dial.gap_mean_s))
            after_ms = swipes[-1].event_time_ms + round(after_s * _MS_PER_S)
            if after_ms < world.end_ms:
                swipes.append(
                    swipe_at(world, card, world.terminal(card.place), after_ms, "ordinary")
                )
        return card_incident(card, swipes)

    def _clone_swipes(
        self,
        world: World,
        dial: GeoJumpParameters,
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
            swipe = swipe_at(world, card, terminal, event_time_ms, "attack")
            swipes.append(self._as_clone(world, dial, swipe))
            gap_s = 5.0 + float(world.rng.exponential(dial.gap_mean_s))
            event_time_ms += round(gap_s * _MS_PER_S)
            # The next counter is reached on foot, so the clone stays in the city.
            terminal = world.terminal(target)
        return swipes

    def _as_clone(self, world: World, dial: GeoJumpParameters, swipe: PlannedSwipe) -> PlannedSwipe:
        magstripe, declined = world.rng.random(2).tolist()
        return msgspec.structs.replace(
            swipe,
            amount_minor=round(swipe.amount_minor * dial.amount_factor),
            entry_mode="magstripe" if magstripe < dial.magstripe_share else swipe.entry_mode,
            response_code="05" if declined < dial.declined_share else swipe.response_code,
        )
