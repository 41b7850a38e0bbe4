"""What does the job read: swipes, what is known of cards, and what is reported later?"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from job.contracts.fields import (
    CONTRACT_VERSION,
    AmountMinor,
    BinCode,
    CountryCode,
    CurrencyCode,
    EntryMode,
    EventTimeMs,
    FraudKind,
    Identifier,
    Latitude,
    Longitude,
    MccCode,
    MessageType,
    Version,
)


class Swipe(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One authorisation as the issuer sees it: after its own checks, before its response leaves.

    Travels on ``swipes``, keyed by ``card_token``, with ``event_time_ms`` as the Kafka timestamp.
    ``swipe_id`` is unique across all cards: an alert's id is made of it. The job knows a repeat
    within its card only.
    """

    v: Version = CONTRACT_VERSION
    swipe_id: Identifier
    card_token: Identifier
    bin: BinCode
    event_time_ms: EventTimeMs
    amount_minor: AmountMinor
    currency: CurrencyCode
    mcc: MccCode
    merchant_id: Identifier
    terminal_id: Identifier
    country: CountryCode
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    entry_mode: EntryMode
    device_id: Identifier | None = None
    ip_country: CountryCode | None = None
    response_code: Annotated[
        str, Meta(min_length=2, max_length=2, description="ISO 8583 field 39.")
    ]
    message_type: MessageType = "authorisation"


class CardProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a card before its first swipe of this stream: the warm start.

    Travels on the compacted topic ``card-profiles``, keyed by ``card_token``. ``amount_log_mean``
    and ``amount_log_sd`` are mean and standard deviation of ln(amount in minor units) over
    ``amount_count`` approved authorisations. ``recent`` are the card's last swipes by event time,
    oldest first.
    """

    v: Version = CONTRACT_VERSION
    card_token: Identifier
    bin: BinCode
    updated_ms: EventTimeMs
    home_country: CountryCode
    home_latitude: Latitude
    home_longitude: Longitude
    currency: CurrencyCode
    amount_count: Annotated[int, Meta(ge=0, le=10**9)]
    amount_log_mean: Annotated[float, Meta(ge=-100.0, le=100.0)]
    amount_log_sd: Annotated[float, Meta(ge=0.0, le=100.0)]
    device_ids: Annotated[list[Identifier], Meta(max_length=16)] = []
    usual_countries: Annotated[list[CountryCode], Meta(max_length=16)] = []
    recent: Annotated[list[Swipe], Meta(max_length=64)] = []


class ClockRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pushes one partition's event time forward when no more swipes follow.

    Travels on ``swipes``, one for each partition, with ``clock_time_ms`` as the Kafka timestamp.
    It is no swipe: it has no fate and is counted apart.
    """

    v: Version = CONTRACT_VERSION
    record: Literal["clock"] = "clock"
    clock_time_ms: EventTimeMs


class FraudReport(msgspec.Struct, frozen=True, kw_only=True):
    """A swipe that somebody says was fraud: a holder, or a person who worked on a case.

    Travels on ``fraud-reports``, keyed by ``card_token``, with ``reported_ms`` as the Kafka
    timestamp: days after the swipe, for some fraud never, and wrong for some genuine swipes.
    ``report_id`` is a function of the swipe, so that a repeat can be recognised. ``kind`` is how
    the details were used, as card schemes ask for it; it is not known whether it is right.
    """

    v: Version = CONTRACT_VERSION
    report_id: Annotated[str, Meta(min_length=1, max_length=128)]
    swipe_id: Identifier
    card_token: Identifier
    merchant_id: Identifier
    terminal_id: Identifier
    event_time_ms: EventTimeMs
    reported_ms: EventTimeMs
    kind: FraudKind
