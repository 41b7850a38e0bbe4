"""What do event-time windows need of a swipe that was judged?"""

from __future__ import annotations

import msgspec

from job.contracts import APPROVED, JudgedSwipe, Swipe

_encode = msgspec.json.Encoder().encode


def judged_swipe(swipe: Swipe) -> JudgedSwipe:
    """What windows need of a swipe that was judged."""
    approved = swipe.response_code in APPROVED
    spent = approved and swipe.message_type == "authorisation"
    return JudgedSwipe(
        swipe_id=swipe.swipe_id,
        card_token=swipe.card_token,
        merchant_id=swipe.merchant_id,
        bin=swipe.bin,
        event_time_ms=swipe.event_time_ms,
        currency=swipe.currency,
        spent_minor=swipe.amount_minor if spent else 0,
        declined=not approved,
    )


def encode_judged(swipe: JudgedSwipe) -> bytes:
    """As it crosses into Java: an array, in the order of the fields."""
    return _encode(swipe)
