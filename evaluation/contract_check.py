"""Do the records of a topic keep the contract, and what is wrong with those that do not?

Each record is decoded as the contract has it; of one record the first breach is named, as the
decoder stops there. What it takes to judge a run is checked across records too: the key, the Kafka
timestamp of swipes, and what must stand on a topic once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from confluent_kafka import Consumer, KafkaError
from confluent_kafka import TopicPartition as Place
from confluent_kafka.admin import AdminClient, OffsetSpec

from evaluation.offsets import Partition, partitions_of, read_ends
from evaluation.view_reader import open_consumer
from generator.kafka_client import REACH_TIMEOUT_S, KafkaRefused, Settings, require_broker
from job.contracts import (
    RECORDS_BY_TOPIC,
    Alert,
    CardProfile,
    ClockRecord,
    DeadLetter,
    Decision,
    LateSwipe,
    Swipe,
)

#: Examples kept of each kind of breach. A choice.
EXAMPLES: Final = 3
_SHOWN_BYTES: Final = 160
_STALL_TIMEOUT_S: Final = 20.0
_BATCH: Final = 10_000
_PATH: Final = re.compile(r"^(?P<what>.*?) - at `\$(?P<path>.*)`$", re.DOTALL)
_REQUIRED: Final = re.compile(r"missing required field `(?P<name>[^`]+)`")


class Example(msgspec.Struct, frozen=True):
    """Where a breach stands, and the beginning of the record."""

    partition: int
    offset: int
    text: str


class Breach(msgspec.Struct, kw_only=True):
    """One kind of breach.

    Attributes
    ----------
    field
        Path within the record, or ``key``, ``timestamp``, ``record``.
    expected
        What the contract wants there.
    """

    field: str
    expected: str
    count: int = 0
    examples: list[Example] = []


class ContractCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What was found on a topic.

    Attributes
    ----------
    kind
        The contract, by unprefixed topic.
    records, kept
        Looked at; without any breach.
    left
        Records of the topic that the limit left out.
    """

    topic: str
    kind: str
    records: int
    kept: int
    left: int
    breaches: list[Breach]

    @property
    def exit_code(self) -> int:
        """0 all keep it, 1 some do not, 3 there is nothing to look at."""
        if not self.records:
            return 3
        return 1 if self.breaches else 0


def topic_kind(name: str, *, exactly: bool = False) -> str:
    """Which contract a topic's records should keep, by what its name ends with.

    Parameters
    ----------
    name
        Of the topic; a prefix stands before the contract's name.
    exactly
        There is no prefix.

    Raises
    ------
    ValueError
        When the name tells none; lists those there are.

    Examples
    --------
    >>> topic_kind("team-7.late-swipes"), topic_kind("swipes")
    ('late-swipes', 'swipes')
    """
    fits = [kind for kind in RECORDS_BY_TOPIC if name == kind or _ends_with(name, kind, exactly)]
    if not fits:
        raise ValueError(
            f"{name!r} names no contract; give --as with one of {', '.join(RECORDS_BY_TOPIC)}"
        )
    return max(fits, key=len)


def _ends_with(name: str, kind: str, exactly: bool) -> bool:
    return not exactly and name.endswith(kind)


class Checker:
    """Looks at one record after the other.

    Parameters
    ----------
    kind
        The contract, by unprefixed topic.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.records = self.kept = 0
        self.breaches: dict[tuple[str, str], Breach] = {}
        self._decoders = [msgspec.json.Decoder(each).decode for each in RECORDS_BY_TOPIC[kind]]
        self._seen: set[Any] = set()

    def look(
        self,
        partition: int,
        offset: int,
        key: bytes | None,
        value: bytes | None,
        record_time_ms: int,
    ) -> None:
        """Check one record."""
        self.records += 1
        found = list(self._breaches(key, value, record_time_ms))
        self.kept += not found
        for field, expected in found:
            breach = self.breaches.setdefault(
                (field, expected), Breach(field=field, expected=expected)
            )
            breach.count += 1
            if len(breach.examples) < EXAMPLES:
                text = (value or b"")[:_SHOWN_BYTES].decode("utf-8", "backslashreplace")
                breach.examples = [*breach.examples, Example(partition, offset, text)]

    def _breaches(
        self, key: bytes | None, value: bytes | None, record_time_ms: int
    ) -> Iterator[tuple[str, str]]:
        if not value:
            yield "record", "a JSON object, not an empty record"
            return
        record: Any = None
        problem: tuple[str, str] | None = None
        for decode in self._decoders:
            try:
                record = decode(value)
                break
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                # Of two contracts that fit neither, the first is the one that was meant.
                problem = problem or _explained(error)
        if record is None:
            yield problem or ("record", "a record of the contract")
            return
        yield from _key_and_time(record, key, record_time_ms)
        yield from self._once(record)

    def _once(self, record: Any) -> Iterator[tuple[str, str]]:
        """What must stand on the topic once."""
        identity: Any
        match record:
            case Swipe():
                identity, rule = record.swipe_id, ("swipe_id", "an id that no other swipe has")
            case Alert():
                identity, rule = record.alert_id, ("alert_id", "one alert for one cause")
            case Decision() | LateSwipe():
                identity = record.partition, record.offset
                rule = ("partition, offset", "one output for each record of swipes")
            case DeadLetter():
                identity = record.topic, record.partition, record.offset
                rule = ("topic, partition, offset", "one letter for each record")
            case _:
                return
        if identity in self._seen:
            yield rule
        self._seen.add(identity)


def _explained(error: Exception) -> tuple[str, str]:
    """Field and expectation, without what differs from record to record."""
    text = str(error)
    placed = _PATH.match(text)
    what, path = (placed["what"], placed["path"]) if placed else (text, "")
    required = _REQUIRED.search(what)
    if required:
        return f"{path}.{required['name']}".strip("."), "to be there: it is required"
    if isinstance(error, msgspec.ValidationError):
        return path.strip(".") or "record", re.sub(r", got .*$", "", what).removeprefix("Expected ")
    if isinstance(error, UnicodeDecodeError) or "utf-8" in text.lower():
        return "record", "UTF-8"
    return "record", "a JSON object"


def _key_and_time(record: Any, key: bytes | None, record_time_ms: int) -> Iterator[tuple[str, str]]:
    time_ms: int | None = None
    wanted: str | None = None
    name = ""
    match record:
        case Swipe():
            wanted, name, time_ms = record.card_token, "card_token", record.event_time_ms
        case Decision() | CardProfile():
            wanted, name = record.card_token, "card_token"
        case LateSwipe():
            wanted, name = record.swipe.card_token, "swipe.card_token"
        case Alert():
            wanted, name = record.entity_id, "entity_id"
        case ClockRecord():
            time_ms = record.clock_time_ms
        case _:
            return
    if wanted is not None and key != wanted.encode():
        yield "key", f"equal to {name}"
    if time_ms is not None and record_time_ms != time_ms:
        yield "timestamp", "Kafka's timestamp equal to the event time"


def check_topic(
    bootstrap: str,
    topic: str,
    kind: str,
    limit: int | None = None,
    extra: Settings | None = None,
) -> ContractCheck:
    """Read a topic from its beginning to where it ends now, committed records only, and check it.

    Parameters
    ----------
    bootstrap, topic
        Where it stands.
    kind
        The contract, by unprefixed topic.
    limit
        Most records to look at; None for all.
    extra
        Any librdkafka setting.

    Raises
    ------
    KafkaUnreachable, KafkaRefused
        When no broker answers, the topic does not exist, or records do not come.
    """
    admin = require_broker(bootstrap, extra)
    places = partitions_of(admin, [topic])
    begin, end = _begin(admin, places), read_ends(admin, places).stable
    checker = Checker(kind)
    consumer = open_consumer(bootstrap, "committed", extra)
    try:
        reached = _read(consumer, checker, begin, end, limit)
    finally:
        consumer.close()
    breaches = sorted(checker.breaches.values(), key=lambda breach: -breach.count)
    return ContractCheck(
        topic=topic,
        kind=kind,
        records=checker.records,
        kept=checker.kept,
        left=sum(end[place] - reached[place] for place in places),
        breaches=breaches,
    )


def _begin(admin: AdminClient, places: list[Partition]) -> dict[Partition, int]:
    answers = admin.list_offsets({Place(*place): OffsetSpec.earliest() for place in places})
    return {
        (place.topic, place.partition): int(answer.result(REACH_TIMEOUT_S).offset)
        for place, answer in answers.items()
    }


def _read(
    consumer: Consumer,
    checker: Checker,
    begin: dict[Partition, int],
    end: dict[Partition, int],
    limit: int | None,
) -> dict[Partition, int]:
    """How far each partition was read."""
    reached = dict(begin)
    consumer.assign([Place(*place, offset) for place, offset in begin.items()])
    while any(reached[place] < end[place] for place in begin):
        for message in consumer.consume(_BATCH, 0.2) or [consumer.poll(_STALL_TIMEOUT_S)]:
            if message is None:
                raise KafkaRefused(f"no records came within {_STALL_TIMEOUT_S:g} s")
            place, offset, error = _where(message), message.offset(), message.error()
            if error is not None:
                if error.code() != KafkaError._PARTITION_EOF:
                    raise KafkaRefused(f"{place[0]} cannot be read: {error.str()}")
                reached[place] = end[place]
                continue
            if offset >= end[place]:
                continue
            reached[place] = offset + 1
            checker.look(place[1], offset, message.key(), message.value(), message.timestamp()[1])
            if limit is not None and checker.records >= limit:
                return reached
    return reached


def _where(message: Any) -> Partition:
    return message.topic(), message.partition()
