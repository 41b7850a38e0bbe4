"""What do the records have in common, field by field and unit by unit?

Field names follow ISO 8583 (card messages); codes follow ISO 4217 (currency), ISO 18245
(merchant category) and ISO 3166-1 alpha-2 (country). All times are event times in milliseconds
since 1970-01-01T00:00:00Z, unless a field says that it is wall time.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta

CONTRACT_VERSION: Final = 1

Version = Annotated[int, Meta(ge=1, le=CONTRACT_VERSION, description="Contract version.")]
Identifier = Annotated[str, Meta(min_length=1, max_length=64)]
EventTimeMs = Annotated[
    int,
    Meta(ge=0, le=253_402_300_799_999, description="Event time, ms since the Unix epoch (UTC)."),
]
AmountMinor = Annotated[
    int,
    Meta(
        ge=0,
        le=10**12,
        description="Cardholder billing amount (ISO 8583 field 6) in minor units of `currency`.",
    ),
]
CurrencyCode = Annotated[str, Meta(min_length=3, max_length=3, description="ISO 4217, letters.")]
CountryCode = Annotated[str, Meta(min_length=2, max_length=2, description="ISO 3166-1 alpha-2.")]
MccCode = Annotated[str, Meta(min_length=4, max_length=4, description="ISO 18245.")]
BinCode = Annotated[
    str, Meta(min_length=6, max_length=8, description="ISO/IEC 7812 issuer number.")
]
ResponseCode = Annotated[
    str, Meta(min_length=2, max_length=2, description="ISO 8583 field 39: the host's own checks.")
]
Latitude = Annotated[float, Meta(ge=-90.0, le=90.0, description="Degrees, WGS 84.")]
Longitude = Annotated[float, Meta(ge=-180.0, le=180.0, description="Degrees, WGS 84.")]
Score = Annotated[float, Meta(ge=0.0, le=1.0, description="0 nothing suspicious, 1 certain.")]

EntryMode = Literal["chip", "contactless", "magstripe", "fallback", "ecommerce", "recurring"]
MessageType = Literal["authorisation", "zero_amount_check", "reversal"]
Action = Literal["clear", "review", "block"]
Fate = Literal["dead_letter", "late", "repeat", "judged"]
EntityType = Literal["card", "merchant", "bin", "device"]
WindowKind = Literal["merchant_minute", "bin_minute", "card_hour", "card_session"]
DeadLetterReason = Literal[
    "empty",
    "not_utf8",
    "not_json",
    "contract",
    "unknown_version",
    "key_mismatch",
    "timestamp_mismatch",
    "event_time_ahead",
    "id_conflict",
    "internal_error",
    "rule_change",
]
RuleMode = Literal["active", "shadow", "paused"]
WallTimeMs = Annotated[
    int,
    Meta(ge=0, le=253_402_300_799_999, description="Wall time, ms since the Unix epoch (UTC)."),
]
ChangeVersion = Annotated[
    int, Meta(ge=1, le=2**53 - 1, description="Of this key: higher with each change.")
]
Note = Annotated[str, Meta(max_length=500, description="Why, for people.")]
CardCount = Annotated[
    int, Meta(ge=1, le=2**53 - 1, description="Swipes of this card judged so far, this one too.")
]
RefusalReason = Literal["contract", "refused"]
FraudKind = Literal["lost_or_stolen", "counterfeit", "card_not_present", "other"]

#: Entry modes in which the card itself is at the terminal (ISO 8583 field 22).
CARD_PRESENT: Final = frozenset({"chip", "contactless", "magstripe", "fallback"})
#: Response codes (ISO 8583 field 39) with which the host approves.
APPROVED: Final = frozenset({"00", "10", "85"})
