"""What does a canary swipe look like, so that it is judged as any other and flagged by no rule?

One authorisation of a moderate amount, approved, at one shop, on a card that swipes again only
after the windows of the rules have passed. Cards are many: their keys reach every partition.
"""

from __future__ import annotations

from typing import Final

from job.contracts import Swipe

#: Card tokens, swipe ids, merchant and terminal of the canary begin with it; nothing else does.
PREFIX: Final = "canary-"
#: No issuer has it: 9 is for national use, and all nines are given to nobody.
BIN: Final = "99999999"
#: Cards that take turns. A choice: at two swipes a second each comes back after an hour, six times
#: the window of the rule that counts swipes of a card.
CARDS: Final = 7_200


def canary_swipe(run: str, number: int, event_time_ms: int) -> Swipe:
    """The swipe of that number.

    Parameters
    ----------
    run
        Tells the canary's process from others, so that no swipe id comes twice.
    number
        From 0; the next card's turn with each.
    event_time_ms
        When it is due.

    Examples
    --------
    >>> canary_swipe("a1", 7_201, 0).card_token
    'canary-0001'
    """
    return Swipe(
        swipe_id=f"{PREFIX}{run}-{number}",
        card_token=f"{PREFIX}{number % CARDS:04d}",
        bin=BIN,
        event_time_ms=event_time_ms,
        # Above what probes a card, below what a large purchase is.
        amount_minor=2_500,
        currency="EUR",
        mcc="5411",
        merchant_id=f"{PREFIX}shop",
        terminal_id=f"{PREFIX}till",
        country="FR",
        latitude=48.8566,
        longitude=2.3522,
        entry_mode="chip",
        response_code="00",
    )
