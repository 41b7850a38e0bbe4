"""Does a household only pay with one card after the other, from one device?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from scenarios.base import Card, Difficulty, Incident, LookAlike, ScenarioParameters, World
from scenarios.drawing import chance, count_between, one_of
from scenarios.features import most_cards_on_a_device
from scenarios.planning import fit_into_span, gaps_to_offsets_ms
from scenarios.remote import (
    REFUSALS,
    WRONG_DETAIL_CODES,
    holder_session,
    scaled_amount_minor,
    session_swipe,
)

_HALF_HOUR_MS = 30 * 60_000


class SharedDeviceParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`SharedDevice`. All values are choices.

    Parameters
    ----------
    cards_min, cards_max
        Cards that are tried, evenly.
    gap_mean_s
        Mean seconds between two attempts (ten seconds plus an exponential).
    wrong_detail_share
        Declines for a security code or an expiry date that was mistyped; the others are for lack of
        funds or over a limit.
    again_share
        Cards that are tried once more after a decline, before another one is fetched.
    amount_factor
        Amount over what the first card's holder would spend there.
    """

    cards_min: int
    cards_max: int
    gap_mean_s: float
    wrong_detail_share: float
    again_share: float
    amount_factor: float


class SharedDevice(LookAlike):
    """Does a household only pay with one card after the other, from one device?

    What happens
    ------------
    Somebody orders something for all of them from the family's tablet, or for an office. The card
    is declined: over its limit, or a digit was mistyped. Another one is fetched, a partner's or a
    colleague's, and then a third, until one goes through. All have their cards from one bank, and
    all know of it.

    Reported by
    -----------
    Nobody; when the device is blocked, the household, whose order failed.

    Difficulty
    ----------
    easy: two cards. medium: two or three. hard: up to five, one right after the other: as many from
    one device as a script that changes its device at nearly every turn.

    References
    ----------
    Visa, "Anti-Enumeration and Account Testing Best Practices for Merchants", advises limits on
    attempts from one device, which a household reaches too. All figures are choices.
    """

    name: ClassVar[str] = "shared_device"
    resembles: ClassVar[str] = "bin_attack"
    feature_name: ClassVar[str] = "most cards from one device within half an hour"
    Parameters = SharedDeviceParameters
    parameters: SharedDeviceParameters
    by_difficulty: ClassVar[Mapping[Difficulty, SharedDeviceParameters]] = {
        "easy": SharedDeviceParameters(
            cards_min=2,
            cards_max=2,
            gap_mean_s=240.0,
            wrong_detail_share=0.3,
            again_share=0.2,
            amount_factor=1.0,
        ),
        "medium": SharedDeviceParameters(
            cards_min=2,
            cards_max=3,
            gap_mean_s=150.0,
            wrong_detail_share=0.4,
            again_share=0.3,
            amount_factor=1.5,
        ),
        "hard": SharedDeviceParameters(
            cards_min=2,
            cards_max=5,
            gap_mean_s=90.0,
            wrong_detail_share=0.5,
            again_share=0.4,
            amount_factor=2.5,
        ),
    }

    @staticmethod
    def feature(incident: Incident) -> float:
        """The most cards from one device within half an hour."""
        return most_cards_on_a_device(incident, _HALF_HOUR_MS)

    def incident(self, world: World, dial: SharedDeviceParameters) -> Incident:
        """One order, for which one card after the other is tried."""
        first = world.take_card()
        count = count_between(world, dial.cards_min, dial.cards_max)
        cards = [first, *world.take_cards_of_bin(first.bin, count - 1)]
        session = holder_session(world, first)
        site = world.online_terminal()
        amount_minor = scaled_amount_minor(world, first, site, dial.amount_factor)
        answers = self._answers(world, dial, cards)
        offsets_ms = gaps_to_offsets_ms(world, len(answers), 10.0, dial.gap_mean_s)
        swipes = [
            session_swipe(
                world,
                session,
                card,
                site,
                at_ms,
                "look_alike",
                amount_minor=amount_minor,
                response_code=response_code,
            )
            for (card, response_code), at_ms in zip(
                answers, fit_into_span(world, offsets_ms), strict=True
            )
        ]
        return Incident(
            entity_type="device",
            entity_id=session.device_id,
            swipes=tuple(swipes),
            holder_swipes_on=True,
        )

    @staticmethod
    def _answers(
        world: World, dial: SharedDeviceParameters, cards: list[Card]
    ) -> list[tuple[Card, str]]:
        """The cards in the order they are tried, with what the host answers: at last yes."""
        tried: list[Card] = []
        for card in cards:
            tried += [card, card] if chance(world, dial.again_share) else [card]
        answers = []
        for card in tried[:-1]:
            mistyped = chance(world, dial.wrong_detail_share)
            answers.append((card, one_of(world, WRONG_DETAIL_CODES if mistyped else REFUSALS)))
        return [*answers, (tried[-1], "00")]
