"""What does an event-time window count, and what does it say when it closes?"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from job.contracts.fields import CurrencyCode, EventTimeMs, Identifier, Version, WindowKind


class WindowResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one event-time window held when the watermark closed it: one record each.

    Travels on ``windows-merchant-minute``, ``windows-bin-minute``, ``windows-card-hour`` and
    ``windows-card-session``, keyed by ``entity_id``: merchant, BIN or card. Counted are judged
    swipes only. ``card_hour`` is written for the minutes in which the card swiped, and is the hour
    that ends with that minute; it may begin before 1970. A ``card_session`` begins with its first
    swipe and ends 30 minutes after its last. ``declined`` are swipes that the host's own checks did
    not approve. ``spent_minor`` adds up approved authorisations, in minor units by currency (ISO
    4217); a currency in which nothing was spent is not there.
    """

    v: Version
    window: WindowKind
    entity_id: Identifier
    window_start_ms: Annotated[int, Meta(description="Event time, ms; inclusive.")]
    window_end_ms: Annotated[int, Meta(description="Event time, ms; exclusive.")]
    swipes: Annotated[int, Meta(ge=1)]
    declined: Annotated[int, Meta(ge=0)]
    spent_minor: dict[CurrencyCode, Annotated[int, Meta(ge=1)]]
    first_event_time_ms: EventTimeMs
    last_event_time_ms: EventTimeMs


class JudgedSwipe(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """What event-time windows need of one judged swipe. Inside the job only.

    The order of the fields is read in Java (``ReadJudged``).
    """

    swipe_id: str
    card_token: str
    merchant_id: str
    bin: str
    event_time_ms: int
    currency: str
    spent_minor: int
    declined: bool


class Observation(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """What a rule that looks across cards needs of one judged swipe. Inside the job only.

    ``reported``: it is not of the swipe as it came but of a report that it was fraud; the time is
    then the report's.
    """

    rule: str
    entity_id: str
    card_token: str
    swipe_id: str
    event_time_ms: int
    reported: bool = False
