"""How far do topics reach, for a reader of everything and for a reader of committed records?

Between the last stable offset and the end lies what an open transaction holds back.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from confluent_kafka import IsolationLevel, KafkaError, KafkaException
from confluent_kafka import TopicPartition as Place
from confluent_kafka.admin import AdminClient, OffsetSpec

from generator.committed_offsets import CommittedOffsets
from generator.kafka_client import (
    KafkaRefused,
    Settings,
    reason,
    require_broker,
    topic_partitions,
)

#: Topic and partition.
Partition = tuple[str, int]
#: Longest wait for one answer, in seconds.
REQUEST_TIMEOUT_S: Final = 5.0

_RETRY_S: Final = 0.1
_PASSING: Final = frozenset(
    {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.UNKNOWN_LEADER_EPOCH,
        KafkaError._NOENT,  # no leader, as far as the client knows
    }
)


class Ends(msgspec.Struct, frozen=True):
    """Where each partition ends, in offsets.

    Attributes
    ----------
    end
        High watermark: behind the last record, whoever wrote it.
    stable
        Last stable offset: where a reader of committed records stops.
    """

    end: dict[Partition, int]
    stable: dict[Partition, int]

    def open_records(self, topics: Iterable[str]) -> int:
        """Offsets held back by open transactions, summed over the topics' partitions."""
        wanted = set(topics)
        return sum(self.end[place] - self.stable[place] for place in self.end if place[0] in wanted)


def read_ends(admin: AdminClient, partitions: Sequence[Partition]) -> Ends:
    """Ask the broker where partitions end.

    Parameters
    ----------
    admin
        Client.
    partitions
        Which.

    Raises
    ------
    KafkaRefused
        When the broker does not answer in time or refuses.
    """
    # Stable first: an end that is read later can only be further on.
    stable = _latest(admin, partitions, IsolationLevel.READ_COMMITTED)
    end = _latest(admin, partitions, IsolationLevel.READ_UNCOMMITTED)
    return Ends(end=end, stable=stable)


def _latest(
    admin: AdminClient, partitions: Sequence[Partition], isolation: IsolationLevel
) -> dict[Partition, int]:
    deadline_s = time.monotonic() + REQUEST_TIMEOUT_S
    while True:
        try:
            return _ask_latest(admin, partitions, isolation)
        except (KafkaException, TimeoutError) as error:
            kafka_error = error.args[0] if isinstance(error, KafkaException) else None
            # Leaders are unknown for a moment after a topic was made or a broker came back.
            passing = kafka_error is not None and kafka_error.code() in _PASSING
            if not passing or time.monotonic() > deadline_s:
                text = reason(error) if isinstance(error, KafkaException) else "no answer"
                raise KafkaRefused(f"Kafka does not say where topics end: {text}") from None
        time.sleep(_RETRY_S)
        # The client keeps the leaders and epochs of before a broker was started anew.
        with contextlib.suppress(KafkaException):
            admin.list_topics(timeout=REQUEST_TIMEOUT_S)


def _ask_latest(
    admin: AdminClient, partitions: Sequence[Partition], isolation: IsolationLevel
) -> dict[Partition, int]:
    answers = admin.list_offsets(
        {Place(*place): OffsetSpec.latest() for place in partitions},
        isolation_level=isolation,
        request_timeout=REQUEST_TIMEOUT_S,
    )
    return {
        (place.topic, place.partition): int(answer.result(REQUEST_TIMEOUT_S).offset)
        for place, answer in answers.items()
    }


def partitions_of(admin: AdminClient, topics: Sequence[str]) -> list[Partition]:
    """All partitions of topics, in order.

    Raises
    ------
    KafkaRefused
        When a topic does not exist.
    """
    counts = topic_partitions(admin, topics)
    return [(topic, number) for topic in topics for number in range(counts[topic])]


def open_transaction_records(
    bootstrap: str, topics: Sequence[str], extra: Settings | None = None
) -> int:
    """How many records do open transactions hold back right now?

    Everything between the last stable offset and the end is counted: the records of the open
    transaction, and what others wrote behind its first record, their commit markers included.
    With one writer a partition it is the number of records in its open transaction.

    Parameters
    ----------
    bootstrap
        Comma-separated ``host:port``.
    topics
        Names, prefix included.
    extra
        Any librdkafka setting.

    Raises
    ------
    KafkaUnreachable, KafkaRefused
        When no broker answers or a topic does not exist.
    """
    admin = require_broker(bootstrap, extra)
    return read_ends(admin, partitions_of(admin, topics)).open_records(topics)


def group_offset_sum(group: CommittedOffsets, partitions: Sequence[Partition]) -> int | None:
    """Sum of the offsets that a consumer group has committed; None when it has none."""
    try:
        offsets = group.read(partitions)
    except KafkaException:
        return None
    return sum(offsets.values()) if offsets else None
