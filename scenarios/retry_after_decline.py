"""Does the holder type it again until it works?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from scenarios.base import Difficulty, Incident, LookAlike, ScenarioParameters, World
from scenarios.drawing import chance, count_between, exponential_ms, one_of
from scenarios.features import declined
from scenarios.planning import card_incident, fit_into_span
from scenarios.remote import WRONG_DETAIL_CODES, holder_session, session_swipe


class RetryAfterDeclineParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`RetryAfterDecline`. All values are choices.

    Parameters
    ----------
    declines_min, declines_max
        Declines before it works, evenly.
    gap_mean_s
        Mean seconds between tries (exponential).
    other_shop_share
        Tries at another shop than the one before.
    small_share
        Tries with something small, at a tenth of the amount.
    gives_up_share
        Holders who give up: no try works.
    """

    declines_min: int
    declines_max: int
    gap_mean_s: float
    other_shop_share: float
    small_share: float
    gives_up_share: float


class RetryAfterDecline(LookAlike):
    """Does the holder type it again until it works?

    What happens
    ------------
    The holder pays on the net, mistypes the security code or has a limit in the way, and tries
    again: after a minute at the same shop, after a call to the bank, or the next day at another
    one. In the end it works, mostly.

    Reported by
    -----------
    Nobody; when the card is blocked, the holder, already annoyed.

    Difficulty
    ----------
    easy: one decline, then it works. medium: two or three. hard: a stubborn holder, over hours,
    and at several shops, with small things to see whether it works.

    References
    ----------
    ISO 8583 data element 39 for the answers. That holders retry is common knowledge in the
    field; the figures are choices.
    """

    name: ClassVar[str] = "retry_after_decline"
    resembles: ClassVar[str] = "card_testing_slow"
    feature_name: ClassVar[str] = "declined swipes of the card"
    Parameters = RetryAfterDeclineParameters
    parameters: RetryAfterDeclineParameters
    by_difficulty: ClassVar[Mapping[Difficulty, RetryAfterDeclineParameters]] = {
        "easy": RetryAfterDeclineParameters(
            declines_min=1,
            declines_max=1,
            gap_mean_s=60.0,
            other_shop_share=0.0,
            small_share=0.0,
            gives_up_share=0.1,
        ),
        "medium": RetryAfterDeclineParameters(
            declines_min=1,
            declines_max=1,
            gap_mean_s=400.0,
            other_shop_share=0.1,
            small_share=0.1,
            gives_up_share=0.15,
        ),
        "hard": RetryAfterDeclineParameters(
            declines_min=1,
            declines_max=2,
            gap_mean_s=6_000.0,
            other_shop_share=0.5,
            small_share=0.3,
            gives_up_share=0.2,
        ),
    }

    feature = staticmethod(declined)

    def incident(self, world: World, dial: RetryAfterDeclineParameters) -> Incident:
        """One payment, tried until it works."""
        card = world.take_card()
        session = holder_session(world, card)
        declines = count_between(world, dial.declines_min, dial.declines_max)
        code = "51" if chance(world, 0.3) else one_of(world, WRONG_DETAIL_CODES)
        codes = [code] * declines + ([] if chance(world, dial.gives_up_share) else ["00"])
        offsets_ms = [0]
        for _ in codes[1:]:
            offsets_ms.append(offsets_ms[-1] + exponential_ms(world, dial.gap_mean_s, 15.0))
        shop = world.online_terminal()
        amount_minor = world.amount_minor(card, shop)
        swipes = []
        for response_code, event_time_ms in zip(
            codes, fit_into_span(world, offsets_ms), strict=True
        ):
            if chance(world, dial.other_shop_share):
                shop = world.online_terminal()
                amount_minor = world.amount_minor(card, shop)
            small_minor = max(50, amount_minor // 10)
            swipes.append(
                session_swipe(
                    world,
                    session,
                    card,
                    shop,
                    event_time_ms,
                    "look_alike",
                    amount_minor=small_minor if chance(world, dial.small_share) else amount_minor,
                    response_code=response_code,
                )
            )
        return card_incident(card, swipes, holder_swipes_on=True)
