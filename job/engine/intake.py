"""Is this record a swipe that can be judged, and if not, why?

Every error of a record ends here as an :class:`Unreadable` with its reason; nothing a sender can
write may raise anything else, or the job would restart on it for ever.
"""

from __future__ import annotations

from typing import Final

import msgspec

from job.contracts import CONTRACT_VERSION, ClockRecord, DeadLetterReason, FraudReport, Swipe

#: Longest explanation kept in a dead letter, in characters.
DETAIL_LIMIT: Final = 500


class Unreadable(Exception):
    """A record that becomes a dead letter.

    Parameters
    ----------
    reason
        One of :data:`job.contracts.DeadLetterReason`.
    detail
        What exactly is wrong, for a person.
    """

    def __init__(self, reason: DeadLetterReason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason: DeadLetterReason = reason
        self.detail = detail[:DETAIL_LIMIT]


class _Version(msgspec.Struct):
    v: int = CONTRACT_VERSION


_decode_swipe = msgspec.json.Decoder(Swipe).decode
_decode_report = msgspec.json.Decoder(FraudReport).decode
_decode_clock = msgspec.json.Decoder(ClockRecord).decode
_decode_version = msgspec.json.Decoder(_Version).decode


def read(
    value: bytes, key: str, record_time_ms: int, event_time_limit_ms: int
) -> Swipe | ClockRecord:
    """Decode one record of the ``swipes`` topic and check it against its envelope.

    Parameters
    ----------
    value
        The record's value as it came; empty for a record without one.
    key
        The record's key; must be the card's token.
    record_time_ms
        The record's Kafka timestamp; must be the swipe's event time.
    event_time_limit_ms
        A swipe later than this has a broken clock and is refused.

    Raises
    ------
    Unreadable
        With the reason, if the record is neither a swipe nor a clock record.
    """
    try:
        swipe = _decode_swipe(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        return _clock_or_reason(value, error)
    if swipe.card_token != key:
        raise Unreadable(
            "key_mismatch", f"the record's key is {key[:80]!r}, its card_token {swipe.card_token!r}"
        )
    event_time_ms = swipe.event_time_ms
    if event_time_ms > event_time_limit_ms:
        raise Unreadable(
            "event_time_ahead",
            f"event_time_ms {event_time_ms} is past the limit {event_time_limit_ms}",
        )
    if event_time_ms != record_time_ms:
        raise Unreadable(
            "timestamp_mismatch",
            f"event_time_ms is {event_time_ms}, the record's timestamp {record_time_ms}",
        )
    return swipe


def read_report(value: bytes, key: str, record_time_ms: int, reported_limit_ms: int) -> FraudReport:
    """Decode one record of the ``fraud-reports`` topic and check it against its envelope.

    Parameters
    ----------
    value, key, record_time_ms
        As for :func:`read`; the record's time must be ``reported_ms``.
    reported_limit_ms
        A report made later than this has a broken clock and is refused.

    Raises
    ------
    Unreadable
        With the reason, if the record is no report.
    """
    if not value:
        raise Unreadable("empty", "the record has no value")
    try:
        report = _decode_report(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise contract_breach(value, error) from None
    if report.card_token != key:
        raise Unreadable(
            "key_mismatch",
            f"the record's key is {key[:80]!r}, its card_token {report.card_token!r}",
        )
    if report.reported_ms > reported_limit_ms:
        raise Unreadable(
            "event_time_ahead",
            f"reported_ms {report.reported_ms} is past the limit {reported_limit_ms}",
        )
    if report.reported_ms != record_time_ms:
        raise Unreadable(
            "timestamp_mismatch",
            f"reported_ms is {report.reported_ms}, the record's timestamp {record_time_ms}",
        )
    return report


def _clock_or_reason(value: bytes, error: Exception) -> ClockRecord:
    """The slow path: what was it, if it was no swipe?"""
    if not value:
        raise Unreadable("empty", "the record has no value") from None
    try:
        return _decode_clock(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        pass
    raise contract_breach(value, error) from None


def contract_breach(value: bytes, error: Exception) -> Unreadable:
    """Why bytes that no decoder takes are no record of this contract.

    Parameters
    ----------
    value
        The record's value as it came; not empty.
    error
        What the decoder said.
    """
    try:
        value.decode("utf-8")
    except UnicodeDecodeError as not_utf8:
        return Unreadable("not_utf8", str(not_utf8))
    if not isinstance(error, msgspec.ValidationError):
        return Unreadable("not_json", f"{type(error).__name__}: {error}")
    try:
        version = _decode_version(value).v
    except (msgspec.DecodeError, RecursionError, ValueError):
        version = CONTRACT_VERSION
    if version > CONTRACT_VERSION:
        return Unreadable(
            "unknown_version", f"v is {version}, this job reads up to {CONTRACT_VERSION}"
        )
    return Unreadable("contract", str(error))
