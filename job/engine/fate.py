"""Which one fate has this swipe: dead letter, late, repeat or judged?

In this order, and from the card's own state alone, because what the state holds comes back after a
failure exactly as it was, while a watermark does not.

An id that the card used within the bound is a repeat if the bytes are the same, and a dead letter
if they are not. Of a swipe that the card's profile brought the bytes are unknown, so the same id is
a repeat.
"""

from __future__ import annotations

from typing import Literal

from job.contracts import Swipe
from job.engine.card_state import UNKNOWN_DIGEST, CardState

SettledFate = Literal["id_conflict", "late", "repeat", "judged"]


def settle(swipe: Swipe, digest: int, card: CardState, lateness_ms: int) -> SettledFate:
    """Settle a readable swipe's fate.

    Parameters
    ----------
    swipe
        A swipe that passed :func:`job.engine.intake.read`.
    digest
        CRC-32 of its bytes as they came.
    card
        The card's state before this swipe.
    lateness_ms
        The bound: late means further behind the card's highest event time than this. Repeats are
        recognised among the ids of the same span.

    Returns
    -------
    SettledFate
        ``id_conflict`` is the dead letter that only the state can tell: an id that the card used
        within the span for other content, where that content is known.
    """
    oldest_on_time_ms = card.high_event_time_ms - lateness_ms
    for past in reversed(card.history):
        if past.event_time_ms < oldest_on_time_ms:
            break
        if past.swipe_id == swipe.swipe_id:
            return "repeat" if past.digest in (digest, UNKNOWN_DIGEST) else "id_conflict"
    if swipe.event_time_ms < oldest_on_time_ms:
        return "late"
    return "judged"
