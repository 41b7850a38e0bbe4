"""What stands on the topic ``rules``, how does a change get there, and which tasks took it?"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Message, TopicPartition

from evaluation.offsets import partitions_of, read_ends
from generator.bookends import open_producer
from generator.kafka_client import (
    REACH_TIMEOUT_S,
    KafkaRefused,
    client_settings,
    reason,
    require_broker,
    silent_logger,
    topic_partitions,
)
from generator.topics import create_topics
from job.contracts import DeadLetter, RuleAudit, Topics

#: Longest wait for Kafka's confirmation, and for the end of a topic, in seconds.
TIMEOUT_S: Final = 30.0
#: Nobody joins it: librdkafka asks who coordinates it all the same.
RULES_GROUP: Final = "paystream-rules"
_POLL_S: Final = 0.1

#: Partition and offset on ``rules``.
Place = tuple[int, int]


def read_topic(bootstrap: str, prefix: str) -> dict[str, bytes]:
    """The newest record of each key that has one.

    Raises
    ------
    KafkaUnreachable, KafkaRefused
        When no broker answers, the topic is missing, or it does not end in time.
    """
    topic = Topics.with_prefix(prefix).rules
    admin = require_broker(bootstrap)
    topic_partitions(admin, [topic])
    ends = read_ends(admin, partitions_of(admin, [topic])).end
    wanted = {partition: end for (_, partition), end in ends.items() if end > 0}
    newest: dict[str, bytes] = {}
    with _reader(bootstrap, [TopicPartition(topic, p, OFFSET_BEGINNING) for p in wanted]) as reader:
        deadline_s = time.monotonic() + TIMEOUT_S
        while any(reader.reached(topic, p) < end for p, end in wanted.items()):
            if time.monotonic() > deadline_s:
                raise KafkaRefused(f"{topic} was not read to its end within {TIMEOUT_S:g} s")
            for message in reader.poll():
                newest[(message.key() or b"").decode(errors="replace")] = message.value() or b""
    return {key: value for key, value in newest.items() if value}


def make_rule_topics(bootstrap: str, prefix: str, replication: int) -> tuple[str, ...]:
    """Make those of ``rules`` and ``rule-audit`` that are missing; gives their names.

    One partition each: changes are few, and stand in one order.
    """
    topics = Topics.with_prefix(prefix)
    there = require_broker(bootstrap).list_topics(timeout=REACH_TIMEOUT_S).topics
    missing = [name for name in (topics.rules, topics.rule_audit) if name not in there]
    if missing:
        create_topics(
            bootstrap,
            dict.fromkeys(missing, 1),
            compacted=topics.compacted(),
            replication=replication,
        )
    return tuple(missing)


class RuleWriter:
    """Puts records on ``rules``; made before anything is decided, as making it finds Kafka.

    A connection takes a tenth of a second and more, for which no change has to wait that way. Of
    several brokers it is one: that of the topic may still have to be found.

    Raises
    ------
    KafkaUnreachable, KafkaRefused
        When no broker answers or the topic is missing.
    """

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self._topic = Topics.with_prefix(prefix).rules
        topic_partitions(require_broker(bootstrap), [self._topic])
        self._producer = open_producer(bootstrap)
        try:
            self._producer.list_topics(self._topic, timeout=REACH_TIMEOUT_S)
        except KafkaException as error:
            raise KafkaRefused(f"Kafka producer refused: {reason(error)}") from None

    def send(self, records: Iterable[tuple[str, bytes]]) -> list[Place]:
        """Publish records in their order; gives where each stands.

        Parameters
        ----------
        records
            Key and value; an empty value takes the key back.

        Raises
        ------
        KafkaRefused
            When one was not confirmed.
        """
        places: list[Place] = []
        failures: list[str] = []

        def delivered(error: Any, message: Message) -> None:
            if error is not None:
                failures.append(str(error))
            else:
                places.append((message.partition(), message.offset()))

        for key, value in records:
            self._producer.produce(self._topic, value or None, key.encode(), on_delivery=delivered)
            # One by one: a change is rare, and its place belongs to it.
            if self._producer.flush(TIMEOUT_S) or failures:
                said = failures[0] if failures else f"no confirmation within {TIMEOUT_S:g} s"
                raise KafkaRefused(
                    f"the change of {key} was not published on {self._topic}: {said}"
                )
        return places


@dataclass
class Answers:
    """What the job said of records, by their place on ``rules``."""

    audits: dict[Place, list[RuleAudit]] = field(default_factory=dict)
    refusals: dict[Place, DeadLetter] = field(default_factory=dict)

    def settled(self, place: Place) -> bool:
        """Whether a record was refused, or taken by every task of both parts."""
        if place in self.refusals:
            return True
        audits = self.audits.get(place, [])
        return all(
            {each.subtask for each in audits if each.part == part}
            >= set(range(next((a.parallelism for a in audits if a.part == part), 1)))
            for part in ("card", "window")
        )


class AnswerWatch:
    """Reads what the job says from the moment this is entered: enter it before publishing.

    Entering fails as :func:`read_topic` does. Uncommitted records are read: a task has the rules
    from the moment it says so.
    """

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self._bootstrap = bootstrap
        self._topics = Topics.with_prefix(prefix)

    def __enter__(self) -> AnswerWatch:
        admin = require_broker(self._bootstrap)
        names = [self._topics.rule_audit, self._topics.dead_letters]
        ends = read_ends(admin, partitions_of(admin, names)).end
        self._reader = _reader(self._bootstrap, [TopicPartition(*p, o) for p, o in ends.items()])
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._reader.close()

    def wait(self, places: Sequence[Place], timeout_s: float) -> Answers:
        """What is said of records until all are settled, or the time is over."""
        answers = Answers()
        deadline_s = time.monotonic() + timeout_s
        while not all(map(answers.settled, places)) and time.monotonic() < deadline_s:
            for message in self._reader.poll():
                self._note(message, answers)
        return answers

    def _note(self, message: Message, answers: Answers) -> None:
        try:
            if message.topic() == self._topics.rule_audit:
                audit = msgspec.json.decode(message.value() or b"", type=RuleAudit)
                answers.audits.setdefault((audit.partition, audit.offset), []).append(audit)
                return
            letter = msgspec.json.decode(message.value() or b"", type=DeadLetter)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return  # another job's record, or none: it answers nothing
        if letter.topic == self._topics.rules:
            answers.refusals[letter.partition, letter.offset] = letter


class _Reader:
    """A consumer without a group, and how far it has read."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    def __enter__(self) -> _Reader:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def poll(self) -> list[Message]:
        messages = self._consumer.consume(500, _POLL_S)
        return [message for message in messages if message.error() is None]

    def reached(self, topic: str, partition: int) -> int:
        (place,) = self._consumer.position([TopicPartition(topic, partition)])
        return int(place.offset)

    def close(self) -> None:
        self._consumer.close()


def _reader(bootstrap: str, places: list[TopicPartition]) -> _Reader:
    own: dict[str, Any] = {
        "group_id": RULES_GROUP,
        "enable_auto_commit": False,
        "isolation_level": "read_uncommitted",
        "fetch_wait_max_ms": 20,
    }
    try:
        consumer = Consumer(client_settings(bootstrap, None, **own), logger=silent_logger)
        consumer.assign(places)
    except KafkaException as error:
        raise KafkaRefused(f"Kafka consumer refused: {reason(error)}") from None
    return _Reader(consumer)
