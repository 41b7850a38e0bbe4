"""Is a found or stolen card tapped for small amounts until the PIN is asked?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from scenarios.base import (
    Difficulty,
    Incident,
    PlannedSwipe,
    Role,
    Scenario,
    ScenarioParameters,
    World,
)
from scenarios.contactless import contactless_limit_minor
from scenarios.planning import fit_into_span
from scenarios.remote import chance, count_between, exponential_ms, scaled_amount_minor

#: Groceries, fast food, pharmacies, other retail: near and quick. A choice.
_SHOPS: Final = ("5411", "5814", "5912", "5999")


class LostStolenContactlessParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`LostStolenContactless`. All values are choices.

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


class LostStolenContactless(Scenario):
    """Is a found or stolen card tapped for small amounts until the PIN is asked?

    What happens
    ------------
    Who has found or stolen a card does not know its PIN, and taps it for amounts below the
    limit at shops nearby, until the terminal asks for the PIN (the issuer's counter is full) or
    the holder has called. The holder makes no swipe meanwhile.

    Reported by
    -----------
    The holder, on missing the card.

    Difficulty
    ----------
    easy: a dozen taps within the hour, each near the limit. medium: fewer, over some hours.
    hard: three or four, of ordinary amounts, as far apart as a holder's on a day in town.

    References
    ----------
    Commission Delegated Regulation (EU) 2018/389, article 11: contactless payments up to 50
    euro, at most five in a row or 150 euro in all. UK Finance, "Annual Fraud Report", on lost
    and stolen cards. ECB, "Report on card fraud" (2021).
    """

    name: ClassVar[str] = "lost_stolen_contactless"
    role: ClassVar[Role] = "attack"
    Parameters = LostStolenContactlessParameters
    parameters: LostStolenContactlessParameters
    by_difficulty: ClassVar[Mapping[Difficulty, LostStolenContactlessParameters]] = {
        "easy": LostStolenContactlessParameters(
            taps_min=7,
            taps_max=13,
            gap_mean_s=220.0,
            amount_factor=2.2,
            refused_share=0.2,
        ),
        "medium": LostStolenContactlessParameters(
            taps_min=4,
            taps_max=9,
            gap_mean_s=900.0,
            amount_factor=1.6,
            refused_share=0.12,
        ),
        "hard": LostStolenContactlessParameters(
            taps_min=3,
            taps_max=6,
            gap_mean_s=1_900.0,
            amount_factor=1.0,
            refused_share=0.05,
        ),
    }

    def incident(self, world: World, dial: LostStolenContactlessParameters) -> Incident:
        """One card in the wrong hands."""
        card = world.take_card()
        offsets_ms = [0]
        for _ in range(count_between(world, dial.taps_min, dial.taps_max) - 1):
            offsets_ms.append(offsets_ms[-1] + exponential_ms(world, dial.gap_mean_s, 25.0))
        swipes = []
        for at_ms in fit_into_span(world, offsets_ms):
            counter = world.terminal(card.place, _SHOPS[int(world.rng.integers(4))])
            amount_minor = scaled_amount_minor(world, card, counter, dial.amount_factor)
            # Above the limit the terminal asks for the PIN, which nobody here knows.
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
                    role="attack",
                    response_code="65" if chance(world, dial.refused_share) else "00",
                )
            )
        return Incident(entity_type="card", entity_id=card.card_token, swipes=tuple(swipes))
