"""Does the holder only tap often: buses, machines, stalls?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from scenarios.base import Difficulty, Incident, LookAlike, World
from scenarios.contactless import TapsParameters, run_of_taps
from scenarios.features import most_arrivals

#: Buses, fast food, bakeries, other retail. A choice.
_STALLS: Final = ("4111", "5814", "5462", "5999")
_HOUR_MS: Final = 3_600_000


class LegitLowValueBurstParameters(TapsParameters, frozen=True, kw_only=True):
    """The dial of :class:`LegitLowValueBurst`: a run of taps. All values are choices."""


class LegitLowValueBurst(LookAlike):
    """Does the holder only tap often: buses, machines, stalls?

    What happens
    ------------
    A day out: the bus, the machine for coffee, stalls on a market, the bus again. Many taps of
    small amounts, minutes apart.

    Reported by
    -----------
    Nobody; when the card is blocked, the holder, on the bus.

    Difficulty
    ----------
    easy: a few taps, an hour apart. medium: fewer, and as far apart. hard: a whole day out, as many
    taps and as close together as by a thief who takes time.

    References
    ----------
    Commission Delegated Regulation (EU) 2018/389, article 12: unattended terminals for
    transport and parking need no authentication at all. The figures are choices.
    """

    name: ClassVar[str] = "legit_low_value_burst"
    resembles: ClassVar[str] = "lost_stolen_contactless"
    feature_name: ClassVar[str] = "most taps of the card within an hour"
    Parameters = LegitLowValueBurstParameters
    parameters: LegitLowValueBurstParameters
    by_difficulty: ClassVar[Mapping[Difficulty, LegitLowValueBurstParameters]] = {
        "easy": LegitLowValueBurstParameters(
            taps_min=3,
            taps_max=5,
            gap_mean_s=2_400.0,
            amount_factor=1.0,
            refused_share=0.01,
        ),
        "medium": LegitLowValueBurstParameters(
            taps_min=2,
            taps_max=4,
            gap_mean_s=2_400.0,
            amount_factor=1.0,
            refused_share=0.02,
        ),
        "hard": LegitLowValueBurstParameters(
            taps_min=3,
            taps_max=7,
            gap_mean_s=1_600.0,
            amount_factor=1.2,
            refused_share=0.03,
        ),
    }

    @staticmethod
    def feature(incident: Incident) -> float:
        """Most taps that arrive within an hour."""
        return most_arrivals(incident, _HOUR_MS)

    def incident(self, world: World, dial: LegitLowValueBurstParameters) -> Incident:
        """One day out."""
        return run_of_taps(world, dial, _STALLS, "look_alike")
