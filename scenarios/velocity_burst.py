"""Are stolen card details spent as fast as they will go?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from scenarios.base import Difficulty, Incident, Role, Scenario, ScenarioParameters, World
from scenarios.drawing import one_of
from scenarios.planning import card_incident, fit_into_span, gaps_to_offsets_ms, online_swipe
from scenarios.remote import REFUSALS


class VelocityBurstParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`VelocityBurst`. All values are choices.

    Parameters
    ----------
    swipes_min, swipes_max
        Purchases, evenly.
    gap_min_s, gap_mean_s
        Least and mean seconds between them (exponential beyond the least).
    amount_factor
        Amounts over what the holder would spend at the same merchant.
    declined_share
        Purchases that the host's own checks decline.
    """

    swipes_min: int
    swipes_max: int
    gap_min_s: float
    gap_mean_s: float
    amount_factor: float
    declined_share: float


class VelocityBurst(Scenario):
    """Are stolen card details spent as fast as they will go?

    What happens
    ------------
    A thief knows that the card will be blocked once the holder notices, and buys what can be sold
    on: many purchases on the net at one or two shops, within minutes. The holder goes on living.

    Reported by
    -----------
    The holder, on seeing the messages of the bank or the statement.

    Difficulty
    ----------
    easy: a dozen and more purchases within minutes, some declined. medium: fewer, a minute or two
    apart. hard: a handful, as far apart as a holder's own on a day of shopping.

    References
    ----------
    Visa, "Visa E-Commerce Merchants' Guide to Risk Management" (2013), on velocity limits. C.
    Whitrow et al. (2009), "Transaction aggregation as a strategy for credit card fraud detection",
    Data Mining and Knowledge Discovery 18, 30-55.
    """

    name: ClassVar[str] = "velocity_burst"
    role: ClassVar[Role] = "attack"
    Parameters = VelocityBurstParameters
    parameters: VelocityBurstParameters
    by_difficulty: ClassVar[Mapping[Difficulty, VelocityBurstParameters]] = {
        "easy": VelocityBurstParameters(
            swipes_min=10,
            swipes_max=20,
            gap_min_s=4.0,
            gap_mean_s=20.0,
            amount_factor=1.5,
            declined_share=0.25,
        ),
        "medium": VelocityBurstParameters(
            swipes_min=5,
            swipes_max=10,
            gap_min_s=15.0,
            gap_mean_s=110.0,
            amount_factor=1.3,
            declined_share=0.15,
        ),
        "hard": VelocityBurstParameters(
            swipes_min=3,
            swipes_max=6,
            gap_min_s=60.0,
            gap_mean_s=540.0,
            amount_factor=1.0,
            declined_share=0.06,
        ),
    }

    def incident(self, world: World, dial: VelocityBurstParameters) -> Incident:
        """One spree."""
        card = world.take_card()
        count = int(world.rng.integers(dial.swipes_min, dial.swipes_max + 1))
        offsets_ms = gaps_to_offsets_ms(world, count, dial.gap_min_s, dial.gap_mean_s)
        shops = [world.online_terminal() for _ in range(2)]
        device_id = world.unknown_device()
        swipes = []
        for event_time_ms in fit_into_span(world, offsets_ms):
            shop = shops[int(world.rng.random() < 0.3)]
            declined = world.rng.random() < dial.declined_share
            swipes.append(
                online_swipe(
                    world,
                    card,
                    shop,
                    event_time_ms,
                    "attack",
                    device_id=device_id,
                    amount_minor=round(world.amount_minor(card, shop) * dial.amount_factor),
                    response_code=one_of(world, REFUSALS) if declined else "00",
                )
            )
        return card_incident(card, swipes, holder_swipes_on=True)
