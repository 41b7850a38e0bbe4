"""What does a record on an output topic say?

Records are decoded with the contracts. A record that keeps to its meaning but not to the whole
contract (a job in another language that leaves fields out) is read loosely and counted; what
cannot be read either way is damaged, counted, and never fatal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec

from job.contracts import (
    Alert,
    ClockRecord,
    DeadLetter,
    Decision,
    EntityType,
    LateSwipe,
    Swipe,
    Topics,
    WindowDrop,
    WindowResult,
)


class LooseDecision(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The least that a decision must say: which swipe. -1 where it does not say where it stood."""

    swipe_id: str
    card_token: str = ""
    event_time_ms: int = 0
    fate: str = "judged"
    score: float = 0.0
    action: str = "clear"
    partition: int = -1
    offset: int = -1
    rules: list[str] = []
    rule_errors: list[str] = []
    shadow_rules: list[str] = []
    card_count: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None = None


class LooseFinding(msgspec.Struct, frozen=True):
    """The least that a finding must say."""

    rule: str


class LooseAlert(msgspec.Struct, frozen=True, kw_only=True):
    """The least that an alert must say: what it flags, when, because of which swipe."""

    entity_id: str
    swipe_id: str
    event_time_ms: int
    entity_type: EntityType = "card"
    alert_id: str = ""
    findings: list[LooseFinding] = []
    window_start_ms: int | None = None


class LoosePosition(msgspec.Struct, frozen=True, kw_only=True):
    """A late swipe or dead letter of which only the source position is known."""

    partition: int = -1
    offset: int = -1
    topic: str = "swipes"
    swipe_id: str = ""


class SwipeId(msgspec.Struct, frozen=True):
    """The least that a record of ``swipes`` says."""

    swipe_id: str


_STRICT: Final[dict[str, type[msgspec.Struct]]] = {
    "decisions": Decision,
    "alerts": Alert,
    "late-swipes": LateSwipe,
    "dead-letters": DeadLetter,
    "window-drops": WindowDrop,
    **dict.fromkeys(Topics.with_prefix().windows().values(), WindowResult),
    "swipe-ids": SwipeId,
}
#: The output topics that can be decoded.
TOPICS: Final = frozenset(Topics.with_prefix().outputs())
_LOOSE: Final[dict[str, type[msgspec.Struct]]] = {
    "decisions": LooseDecision,
    "alerts": LooseAlert,
    "late-swipes": LoosePosition,
    "dead-letters": LoosePosition,
}
_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError)


class Decoded(msgspec.Struct, frozen=True):
    """The records of one topic, in order; None where damaged."""

    records: list[Any]
    loose: int
    damaged: int


def decode_all(topic: str, values: Sequence[bytes | None]) -> Decoded:
    """Decode every value of a topic.

    Parameters
    ----------
    topic
        Unprefixed name.
    values
        The records' bytes.
    """
    decode = msgspec.json.Decoder(_STRICT[topic]).decode
    records: list[Any] = []
    append = records.append
    loose = damaged = 0
    for value in values:
        try:
            append(decode(value or b""))
        except _ERRORS:
            record = _decode_loosely(topic, value)
            append(record)
            loose += record is not None
            damaged += record is None
    return Decoded(records, loose, damaged)


def _decode_loosely(topic: str, value: bytes | None) -> Any:
    loose_type = _LOOSE.get(topic)
    if loose_type is None or not value:
        return None
    try:
        return msgspec.json.decode(value, type=loose_type)
    except _ERRORS:
        return None


def swipe_id_of(record: Any) -> str | None:
    """The swipe id that a decoded record names, if it names one."""
    if isinstance(record, LateSwipe):
        return record.swipe.swipe_id
    return getattr(record, "swipe_id", None)


_decode_swipe = msgspec.json.Decoder(Swipe).decode
_decode_clock = msgspec.json.Decoder(ClockRecord).decode


def is_clock(value: bytes | None) -> bool:
    """Whether a record of the ``swipes`` topic is a clock record and not a swipe."""
    for decode, answer in ((_decode_swipe, False), (_decode_clock, True)):
        try:
            decode(value or b"")
            return answer
        except _ERRORS:
            continue
    return False


def same_content(topic: str, written: bytes | None, expected: bytes | None) -> bool:
    """Whether two records of a topic say the same.

    The order of JSON fields does not matter. A dead letter's ``topic`` does not count: it carries
    the prefix of the run. Nor does a decision's ``card_count``, which is no part of what was
    decided, and which not every job has: :mod:`evaluation.card_ledger` judges it. Of a record
    outside the contract only the fields it has are compared.
    """
    if written == expected:
        return True
    decoded = decode_all(topic, [written, expected])
    ours, theirs = decoded.records
    if ours is None or theirs is None:
        return False
    if isinstance(ours, _STRICT[topic]):
        return _comparable(ours) == _comparable(theirs)
    fields = msgspec.json.decode(written or b"")
    known = msgspec.structs.asdict(theirs)
    shared = {name: known[name] for name in fields if name in known and name != "card_count"}
    return bool(shared) and all(
        msgspec.to_builtins(value) == fields[name] for name, value in shared.items()
    )


def _comparable(record: msgspec.Struct) -> msgspec.Struct:
    if isinstance(record, DeadLetter):
        return msgspec.structs.replace(record, topic="")
    if isinstance(record, Decision):
        return msgspec.structs.replace(record, card_count=None)
    return record
