"""Does the holder only tap often: buses, machines, stalls?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from scenarios.base import Difficulty, Incident, LookAlike, PlannedSwipe, ScenarioParameters, World
from scenarios.contactless import contactless_limit_minor
from scenarios.features import most_arrivals
from scenarios.planning import fit_into_span
from scenarios.remote import chance, count_between, exponential_ms, scaled_amount_minor

#: Buses, fast food, bakeries, other retail. A choice.
_STALLS: Final = ("4111", "5814", "5462", "5999")
_HOUR_MS: Final = 3_600_000


class LegitLowValueBurstParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`LegitLowValueBurst`. All values are choices.

    Parameters
    ----------
    taps_min, taps_max
        Taps, evenly.
    gap_mean_s
        Mean seconds between them (exponential).
    amount_factor
        Amounts over what the holder would spend there; none goes over the contactless
        limit.
    refused_share
        Taps that are refused: the terminal asks for the PIN.
    """

    taps_min: int
    taps_max: int
    gap_mean_s: float
    amount_factor: float
    refused_share: float


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
    easy: a few taps, an hour apart. medium: some, minutes apart. hard: a fair: many taps within
    the hour.

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
            taps_min=3,
            taps_max=7,
            gap_mean_s=900.0,
            amount_factor=1.0,
            refused_share=0.02,
        ),
        "hard": LegitLowValueBurstParameters(
            taps_min=4,
            taps_max=9,
            gap_mean_s=600.0,
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
        card = world.take_card()
        offsets_ms = [0]
        for _ in range(count_between(world, dial.taps_min, dial.taps_max) - 1):
            offsets_ms.append(offsets_ms[-1] + exponential_ms(world, dial.gap_mean_s, 25.0))
        swipes = []
        for at_ms in fit_into_span(world, offsets_ms):
            counter = world.terminal(card.place, _STALLS[int(world.rng.integers(4))])
            amount_minor = scaled_amount_minor(world, card, counter, dial.amount_factor)
            # Above the limit the terminal asks for the PIN, and the holder does not tap.
            limit_minor = contactless_limit_minor(card.currency)
            if amount_minor > limit_minor:
                amount_minor = limit_minor - int(world.rng.integers(limit_minor // 2))
            swipes.append(
                PlannedSwipe(
                    card=card,
                    terminal=counter,
                    event_time_ms=at_ms,
                    amount_minor=amount_minor,
                    entry_mode="contactless",
                    role="look_alike",
                    response_code="65" if chance(world, dial.refused_share) else "00",
                )
            )
        return Incident(entity_type="card", entity_id=card.card_token, swipes=tuple(swipes))
