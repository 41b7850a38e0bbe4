"""Do many customers of one bank buy at once, and only look like numbers tried out?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from scenarios.base import (
    Card,
    Difficulty,
    Incident,
    LookAlike,
    PlannedSwipe,
    ScenarioParameters,
    Terminal,
    World,
)
from scenarios.drawing import chance, count_between, one_of
from scenarios.features import most_cards_at_a_merchant
from scenarios.planning import fit_into_span
from scenarios.remote import NO_SUCH_CARD, holder_session, scaled_amount_minor, session_swipe

#: What sells out in minutes: clothing, books and tickets by catalogue, games. A choice.
SALE_MCCS: Final = ("5964", "5651", "5942", "5816")
_MINUTE_MS: Final = 60_000


class FlashSaleParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`FlashSale`. All values are choices.

    Parameters
    ----------
    cards_min, cards_max
        Customers with a card of this issuer number, evenly.
    arrival_mean_s
        Mean seconds after the first purchase (exponential): the rush ebbs away.
    replaced_card_share
        Customers whose stored card was replaced long ago: the host knows the number no more.
    new_device_share
        Customers with a device that they have not used before.
    amount_factor
        Amounts over what the holder would spend there.
    """

    cards_min: int
    cards_max: int
    arrival_mean_s: float
    replaced_card_share: float
    new_device_share: float
    amount_factor: float


class FlashSale(LookAlike):
    """Do many customers of one bank buy at once, and only look like numbers tried out?

    What happens
    ------------
    A merchant on the net sells something scarce from a certain minute on. Customers have waited
    for it, many of them with cards of the same large issuer. Some pay with a card stored at the
    merchant that was replaced long ago, so that the host knows no such card; each customer has a
    device and a net address of their own. Nothing of it is fraud.

    Reported by
    -----------
    Nobody; when the issuer number is blocked, the merchant, and customers whose purchase failed.

    Difficulty
    ----------
    easy: customers arrive over a quarter of an hour. medium: over some minutes. hard: most of them
    within a minute, and some with cards replaced: as close together as a careful script tries
    numbers.

    References
    ----------
    Visa, "Anti-Enumeration and Account Testing Best Practices for Merchants", advises limits on
    payments in a short time, which a sale reaches too. All figures are choices.
    """

    name: ClassVar[str] = "flash_sale"
    resembles: ClassVar[str] = "bin_attack"
    feature_name: ClassVar[str] = "most cards at one merchant within a minute"
    Parameters = FlashSaleParameters
    parameters: FlashSaleParameters
    by_difficulty: ClassVar[Mapping[Difficulty, FlashSaleParameters]] = {
        "easy": FlashSaleParameters(
            cards_min=12,
            cards_max=14,
            arrival_mean_s=300.0,
            replaced_card_share=0.0,
            new_device_share=0.01,
            amount_factor=1.0,
        ),
        "medium": FlashSaleParameters(
            cards_min=12,
            cards_max=18,
            arrival_mean_s=120.0,
            replaced_card_share=0.03,
            new_device_share=0.02,
            amount_factor=1.0,
        ),
        "hard": FlashSaleParameters(
            cards_min=12,
            cards_max=21,
            arrival_mean_s=45.0,
            replaced_card_share=0.1,
            new_device_share=0.05,
            amount_factor=1.2,
        ),
    }

    @staticmethod
    def feature(incident: Incident) -> float:
        """The most cards at the merchant within a minute."""
        return most_cards_at_a_merchant(incident, _MINUTE_MS)

    def incident(self, world: World, dial: FlashSaleParameters) -> Incident:
        """One sale, seen by one issuer."""
        first = world.take_card()
        count = count_between(world, dial.cards_min, dial.cards_max)
        cards = [first, *world.take_cards_of_bin(first.bin, count - 1)]
        site = world.online_terminal(one_of(world, SALE_MCCS))
        after_s = sorted(world.rng.exponential(dial.arrival_mean_s, count - 1).tolist())
        offsets_ms = [0, *(round(each * 1_000) for each in after_s)]
        swipes = [
            self._purchase(world, dial, card, site, at_ms)
            for card, at_ms in zip(cards, fit_into_span(world, offsets_ms), strict=True)
        ]
        return Incident(
            entity_type="bin",
            entity_id=first.bin,
            swipes=tuple(swipes),
            holder_swipes_on=True,
        )

    def _purchase(
        self, world: World, dial: FlashSaleParameters, card: Card, site: Terminal, at_ms: int
    ) -> PlannedSwipe:
        session = holder_session(world, card)
        response_code = world.response_code("ecommerce")
        new_device = world.new_device(card) if chance(world, dial.new_device_share) else None
        if chance(world, dial.replaced_card_share):
            card, response_code = world.unissued_card(card), NO_SUCH_CARD
        return session_swipe(
            world,
            session if new_device is None else type(session)(new_device, session.ip_country),
            card,
            site,
            at_ms,
            "look_alike",
            amount_minor=scaled_amount_minor(world, card, site, dial.amount_factor),
            response_code=response_code,
        )
