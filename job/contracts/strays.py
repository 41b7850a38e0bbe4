"""What becomes of a record that is late, cannot be read, is refused, or misses its window?"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from job.contracts.fields import (
    DeadLetterReason,
    EventTimeMs,
    Identifier,
    RefusalReason,
    Version,
    WindowKind,
)
from job.contracts.inputs import Swipe


class LateSwipe(msgspec.Struct, frozen=True, kw_only=True):
    """A swipe that arrived too far behind its card's highest event time to be judged.

    Travels on ``late-swipes``, keyed by ``card_token``.
    """

    v: Version
    lateness_ms: Annotated[int, Meta(ge=0, description="Behind the card's newest swipe.")]
    partition: Annotated[int, Meta(ge=0)]
    offset: Annotated[int, Meta(ge=0)]
    swipe: Swipe


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A record that could not be used, with the reason and where it stood.

    Travels on ``dead-letters``. ``payload_base64`` are the bytes as they came: all of them, or
    the first 512 KiB of a larger record. ``payload_sha256`` is there only if it was cut, and is
    over the whole; the whole stands at its place on its topic. Letters written before these two
    fields were there lack both, and hold all bytes.
    """

    v: Version
    reason: DeadLetterReason
    detail: str
    topic: str
    partition: Annotated[int, Meta(ge=0)]
    offset: Annotated[int, Meta(ge=0)]
    key: str
    payload_base64: str
    payload_bytes: Annotated[int, Meta(ge=0, description="Length of the whole record.")] | None = (
        None
    )
    payload_sha256: (
        Annotated[str, Meta(min_length=64, max_length=64, description="Of a cut record, in hex.")]
        | None
    ) = None


class RefusedAlert(msgspec.Struct, frozen=True, kw_only=True):
    """A record of ``alerts`` that could not be put into the search index.

    Travels on ``alerts-dead-letters``. ``reason`` is ``contract`` where it is no alert, and
    ``refused`` where the index would not take it; ``detail`` says why, ``index`` where it was to
    go. ``payload_base64`` as in :class:`DeadLetter`. Where the indexer died before it had noted
    its place, the same place on ``alerts`` may stand here twice.
    """

    v: Version
    reason: RefusalReason
    detail: str
    index: str
    topic: str
    partition: Annotated[int, Meta(ge=0)]
    offset: Annotated[int, Meta(ge=0)]
    key: str
    payload_base64: str
    payload_bytes: Annotated[int, Meta(ge=0, description="Length of the whole record.")]


class WindowDrop(msgspec.Struct, frozen=True, kw_only=True):
    """A judged swipe that came after the window it belongs to had closed.

    Travels on ``window-drops``, keyed by ``entity_id``: the swipe has its decision, only this
    window did not count it. ``window`` says which kind: ``rule`` for what a rule that looks across
    cards counts, named in ``rule``, or one of those whose results travel on topics of their own.
    The bounds are those of the window it would have been in: of ``card_hour`` the minute, of
    ``card_session`` the session that it would have begun. ``lateness_ms`` is how far the watermark
    had passed the window's last millisecond.
    """

    v: Version
    window: Literal["rule"] | WindowKind = "rule"
    rule: Identifier | None = None
    entity_id: str
    swipe_id: Identifier
    event_time_ms: EventTimeMs
    window_start_ms: EventTimeMs
    window_end_ms: EventTimeMs
    lateness_ms: int
