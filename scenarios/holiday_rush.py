"""Does the holder do the whole year's shopping in an afternoon?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from scenarios.base import Difficulty, Incident, LookAlike, ScenarioParameters, World
from scenarios.features import most_arrivals
from scenarios.planning import (
    card_incident,
    fit_into_span,
    gaps_to_offsets_ms,
    online_swipe,
    swipe_at,
)

_TEN_MIN_MS = 600_000


class HolidayRushParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`HolidayRush`. All values are choices.

    Parameters
    ----------
    purchases_min, purchases_max
        Purchases, evenly.
    gap_min_s, gap_mean_s
        Least and mean seconds between them.
    amount_factor
        Amounts over what the holder spends otherwise: presents are dearer.
    online_share
        Purchases on the net, from the sofa; the others are in the shops of the city.
    """

    purchases_min: int
    purchases_max: int
    gap_min_s: float
    gap_mean_s: float
    amount_factor: float
    online_share: float


class HolidayRush(LookAlike):
    """Does the holder do the whole year's shopping in an afternoon?

    What happens
    ------------
    Before a holiday the holder goes from shop to shop, or from site to site, and pays at each: many
    purchases, dearer than usual, close together. Nothing of it is fraud.

    Reported by
    -----------
    Nobody; when the card is blocked, the holder, at the till.

    Difficulty
    ----------
    easy: some purchases, each half an hour after the last. medium: more, minutes apart. hard: a
    rush through one site's offers and one street's shops, a minute or two apart.

    References
    ----------
    C. Whitrow et al. (2009), "Transaction aggregation as a strategy for credit card fraud
    detection", Data Mining and Knowledge Discovery 18, 30-55, on how legitimate spending changes
    over time. The figures are choices.
    """

    name: ClassVar[str] = "holiday_rush"
    resembles: ClassVar[str] = "velocity_burst"
    feature_name: ClassVar[str] = "most swipes of the card that arrive within 10 min"
    Parameters = HolidayRushParameters
    parameters: HolidayRushParameters
    by_difficulty: ClassVar[Mapping[Difficulty, HolidayRushParameters]] = {
        "easy": HolidayRushParameters(
            purchases_min=4,
            purchases_max=8,
            gap_min_s=300.0,
            gap_mean_s=1_700.0,
            amount_factor=1.2,
            online_share=0.1,
        ),
        "medium": HolidayRushParameters(
            purchases_min=5,
            purchases_max=9,
            gap_min_s=120.0,
            gap_mean_s=620.0,
            amount_factor=1.4,
            online_share=0.4,
        ),
        "hard": HolidayRushParameters(
            purchases_min=4,
            purchases_max=9,
            gap_min_s=45.0,
            gap_mean_s=330.0,
            amount_factor=1.5,
            online_share=0.7,
        ),
    }

    @staticmethod
    def feature(incident: Incident) -> float:
        """Most arrivals within ten minutes."""
        return most_arrivals(incident, _TEN_MIN_MS)

    def incident(self, world: World, dial: HolidayRushParameters) -> Incident:
        """One afternoon; on the net or in the city, not both within minutes."""
        card = world.take_card()
        count = int(world.rng.integers(dial.purchases_min, dial.purchases_max + 1))
        offsets_ms = gaps_to_offsets_ms(world, count, dial.gap_min_s, dial.gap_mean_s)
        on_the_net = world.rng.random() < dial.online_share
        swipes = []
        for event_time_ms in fit_into_span(world, offsets_ms):
            if on_the_net:
                shop = world.online_terminal()
                amount_minor = round(world.amount_minor(card, shop) * dial.amount_factor)
                swipes.append(
                    online_swipe(
                        world, card, shop, event_time_ms, "look_alike", amount_minor=amount_minor
                    )
                )
            else:
                counter = world.terminal(card.place, _gift_shop(world))
                swipes.append(swipe_at(world, card, counter, event_time_ms, "look_alike"))
        return card_incident(card, swipes)


def _gift_shop(world: World) -> str:
    """Clothing, department store, electronics, other retail: evenly, a choice."""
    return ("5651", "5311", "5732", "5999")[int(world.rng.integers(4))]
