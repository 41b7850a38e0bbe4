"""Do a terminal's stored swipes only arrive all at once?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import msgspec

from scenarios.base import Difficulty, Incident, LookAlike, PlannedSwipe, ScenarioParameters, World
from scenarios.drawing import count_between, exponential_ms
from scenarios.features import most_arrivals
from scenarios.planning import card_incident, fit_into_span, swipe_at
from scenarios.remote import MS_PER_H

_TEN_MIN_MS: Final = 600_000
#: No terminal stores longer.
_LATEST_MS: Final = 24 * 3_600_000


class OfflineFlushParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`OfflineFlush`. All values are choices.

    Parameters
    ----------
    swipes_min, swipes_max
        Swipes stored, evenly.
    gap_mean_s
        Mean seconds between them when they happened (exponential).
    delay_min_h, delay_max_h
        From the last of them to the arrival of the first, evenly; nothing is later than 24
        h.
    flush_gap_mean_s
        Mean seconds between their arrivals.
    """

    swipes_min: int
    swipes_max: int
    gap_mean_s: float
    delay_min_h: float
    delay_max_h: float
    flush_gap_mean_s: float


class OfflineFlush(LookAlike):
    """Do a terminal's stored swipes only arrive all at once?

    What happens
    ------------
    A terminal without a connection (on a ship, a train, a market) approves by itself and
    stores. When it is back, up to a day later, all of it arrives in one burst, with the times
    at which it happened, while the holder has paid elsewhere since.

    Reported by
    -----------
    Nobody.

    Difficulty
    ----------
    easy: one or two swipes, an hour late. medium: several, hours late. hard: a whole day's,
    within seconds, up to 24 hours late.

    References
    ----------
    EMVCo, "EMV Integrated Circuit Card Specifications", book 3, on terminals that approve
    offline and advise later. The figures are choices.
    """

    name: ClassVar[str] = "offline_flush"
    resembles: ClassVar[str] = "velocity_burst"
    feature_name: ClassVar[str] = "most swipes of the card that arrive within 10 min"
    Parameters = OfflineFlushParameters
    parameters: OfflineFlushParameters
    by_difficulty: ClassVar[Mapping[Difficulty, OfflineFlushParameters]] = {
        "easy": OfflineFlushParameters(
            swipes_min=1,
            swipes_max=2,
            gap_mean_s=3_000.0,
            delay_min_h=0.3,
            delay_max_h=2.0,
            flush_gap_mean_s=400.0,
        ),
        "medium": OfflineFlushParameters(
            swipes_min=2,
            swipes_max=4,
            gap_mean_s=4_000.0,
            delay_min_h=1.0,
            delay_max_h=8.0,
            flush_gap_mean_s=120.0,
        ),
        "hard": OfflineFlushParameters(
            swipes_min=3,
            swipes_max=7,
            gap_mean_s=5_000.0,
            delay_min_h=2.0,
            delay_max_h=12.0,
            flush_gap_mean_s=70.0,
        ),
    }

    @staticmethod
    def feature(incident: Incident) -> float:
        """Most arrivals within ten minutes."""
        return most_arrivals(incident, _TEN_MIN_MS)

    def incident(self, world: World, dial: OfflineFlushParameters) -> Incident:
        """One terminal, back on the net, as one of its cards sees it."""
        card = world.take_card()
        terminal = world.terminal(card.place)
        happened_ms, arrived_ms = [0], [0]
        for _ in range(count_between(world, dial.swipes_min, dial.swipes_max) - 1):
            happened_ms.append(happened_ms[-1] + exponential_ms(world, dial.gap_mean_s, 60.0))
            arrived_ms.append(arrived_ms[-1] + exponential_ms(world, dial.flush_gap_mean_s, 0.1))
        delay_h = dial.delay_min_h + (dial.delay_max_h - dial.delay_min_h) * float(
            world.rng.random()
        )
        flush_ms = min(happened_ms[-1] + round(delay_h * MS_PER_H), _LATEST_MS - arrived_ms[-1])
        swipes: list[PlannedSwipe] = []
        for at_ms, arrival_ms in zip(happened_ms, fit_into_span(world, arrived_ms), strict=True):
            event_time_ms = arrival_ms - (arrived_ms[len(swipes)] + flush_ms - at_ms)
            swipe = swipe_at(world, card, terminal, event_time_ms, "look_alike")
            swipes.append(
                msgspec.structs.replace(
                    swipe, response_code="00", arrival_delay_ms=arrival_ms - event_time_ms
                )
            )
        return card_incident(card, swipes, holder_swipes_on=True)
