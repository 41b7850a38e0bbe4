"""Is a chip card paid with its stripe, because the copy has no chip?"""

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
from scenarios.drawing import chance
from scenarios.planning import card_incident, copied_card, event_times_ms
from scenarios.remote import MIN_AMOUNT_MINOR, scaled_amount_minor

#: Clothing, department stores, electronics, other retail: what can be sold on. A choice.
_SHOPS: Final = ("5651", "5311", "5732", "5999")


class MagstripeFallbackParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`MagstripeFallback`. All values are choices.

    Parameters
    ----------
    purchases_min, purchases_max
        Purchases, evenly.
    gap_mean_s
        Mean seconds between them (exponential).
    amount_factor
        Amounts over what the holder would spend there.
    away_share
        Incidents in another city, at the least distance or further.
    away_min_km
        That distance.
    fallback_share
        Swipes marked as fallback; the others as a plain stripe.
    declined_share
        Purchases that the host declines.
    """

    purchases_min: int
    purchases_max: int
    gap_mean_s: float
    amount_factor: float
    away_share: float
    away_min_km: float
    fallback_share: float
    declined_share: float


class MagstripeFallback(Scenario):
    """Is a chip card paid with its stripe, because the copy has no chip?

    What happens
    ------------
    A stripe was copied at a skimmed terminal. The copy's chip is dead or missing, so the
    terminal falls back to the stripe, or reads it in the first place where chips are rare. The
    thief buys what can be sold on, often in another country. The holder goes on living.

    Reported by
    -----------
    The holder; the network, where fallbacks at one shop are many.

    Difficulty
    ----------
    easy: several dear purchases, all by fallback, abroad. medium: some, nearer. hard: one or
    two of ordinary amounts in the holder's own city, where one in some hundred genuine swipes
    is a fallback.

    References
    ----------
    Europol, "Payment Card Fraud in the European Union" (2012), on skimming and on cashing
    stripes where chips are not asked for. EMVCo, "EMV Integrated Circuit Card Specifications",
    on fallback. ECB, "Report on card fraud" (2021).
    """

    name: ClassVar[str] = "magstripe_fallback"
    role: ClassVar[Role] = "attack"
    Parameters = MagstripeFallbackParameters
    parameters: MagstripeFallbackParameters
    by_difficulty: ClassVar[Mapping[Difficulty, MagstripeFallbackParameters]] = {
        "easy": MagstripeFallbackParameters(
            purchases_min=3,
            purchases_max=6,
            gap_mean_s=240.0,
            amount_factor=4.0,
            away_share=0.95,
            away_min_km=1_500.0,
            fallback_share=0.9,
            declined_share=0.2,
        ),
        "medium": MagstripeFallbackParameters(
            purchases_min=2,
            purchases_max=4,
            gap_mean_s=900.0,
            amount_factor=2.2,
            away_share=0.6,
            away_min_km=400.0,
            fallback_share=0.7,
            declined_share=0.15,
        ),
        "hard": MagstripeFallbackParameters(
            purchases_min=1,
            purchases_max=2,
            gap_mean_s=5_000.0,
            amount_factor=1.2,
            away_share=0.1,
            away_min_km=60.0,
            fallback_share=0.6,
            declined_share=0.08,
        ),
    }

    def incident(self, world: World, dial: MagstripeFallbackParameters) -> Incident:
        """One copied stripe."""
        card, place = copied_card(world, dial.away_share, dial.away_min_km)
        swipes = []
        for at_ms in event_times_ms(
            world, (dial.purchases_min, dial.purchases_max), 30.0, dial.gap_mean_s
        ):
            counter = world.terminal(place, _SHOPS[int(world.rng.integers(len(_SHOPS)))])
            amount_minor = scaled_amount_minor(world, card, counter, dial.amount_factor)
            swipes.append(
                PlannedSwipe(
                    card=card,
                    terminal=counter,
                    event_time_ms=at_ms,
                    amount_minor=max(MIN_AMOUNT_MINOR, amount_minor),
                    entry_mode="fallback" if chance(world, dial.fallback_share) else "magstripe",
                    role="attack",
                    response_code="05" if chance(world, dial.declined_share) else "00",
                )
            )
        return card_incident(card, swipes, holder_swipes_on=True)
