"""How can a record be unreadable?

Each kind makes a damaged copy of a good record. The dead letter's reason that follows from each
stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from generator.settings import UnreadableKind
from job.contracts import CONTRACT_VERSION, DeadLetterReason, Swipe

#: The wrong timestamp is behind, never ahead: one ahead would move the watermark too.
WRONG_TIMESTAMP_MS: Final = -60_000

_encode = msgspec.json.encode


class Damaged(NamedTuple):
    """A damaged record; key and value may be missing altogether."""

    key: str | None
    value: bytes | None
    record_time_ms: int


class Damage(NamedTuple):
    """What is done to a swipe and its bytes, and the reason it is refused for.

    The text is 32 random hexadecimal digits, for a key of nobody.
    """

    make: Callable[[Swipe, bytes, str], Damaged]
    reason: DeadLetterReason


def _with_value(change: Callable[[Swipe, bytes], bytes | None]) -> Callable[..., Damaged]:
    def make(swipe: Swipe, value: bytes, _: str) -> Damaged:
        return Damaged(swipe.card_token, change(swipe, value), swipe.event_time_ms)

    return make


def _wrong_type(swipe: Swipe, _: bytes) -> bytes:
    fields = msgspec.structs.asdict(swipe)
    fields["amount_minor"] = f"{swipe.amount_minor / 100:.2f}"
    return _encode(fields)


def _unknown_version(swipe: Swipe, _: bytes) -> bytes:
    return _encode({**msgspec.structs.asdict(swipe), "v": CONTRACT_VERSION + 98})


def _not_json(swipe: Swipe, _: bytes) -> bytes:
    return f"swipe_id={swipe.swipe_id};amount_minor={swipe.amount_minor}".encode()


def _wrong_key(swipe: Swipe, value: bytes, nobody: str) -> Damaged:
    return Damaged(nobody, value, swipe.event_time_ms)


def _no_key(swipe: Swipe, value: bytes, _: str) -> Damaged:
    return Damaged(None, value, swipe.event_time_ms)


def _wrong_timestamp(swipe: Swipe, value: bytes, _: str) -> Damaged:
    return Damaged(swipe.card_token, value, swipe.event_time_ms + WRONG_TIMESTAMP_MS)


DAMAGES: Final[dict[UnreadableKind, Damage]] = {
    "truncated": Damage(_with_value(lambda _, value: value[: len(value) // 2]), "not_json"),
    "wrong_type": Damage(_with_value(_wrong_type), "contract"),
    "not_json": Damage(_with_value(_not_json), "not_json"),
    "not_utf8": Damage(_with_value(lambda _, value: b"\xff\xfe" + value), "not_utf8"),
    "empty": Damage(_with_value(lambda _, __: b""), "empty"),
    "null": Damage(_with_value(lambda _, __: None), "empty"),
    "wrong_key": Damage(_wrong_key, "key_mismatch"),
    "no_key": Damage(_no_key, "key_mismatch"),
    "unknown_version": Damage(_with_value(_unknown_version), "unknown_version"),
    "wrong_timestamp": Damage(_wrong_timestamp, "timestamp_mismatch"),
}
