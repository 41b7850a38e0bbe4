"""Which alerts come next, and up to where is their work done?

Only committed alerts are read. A place is noted in Kafka after its alerts have been answered for:
what was in hand when a process died is read again by the next.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from delivery.alerts.documents import Source
from delivery.kafka import Settings, open_consumer, reason
from delivery.problems import DeliveryError
from delivery.stopping import Stopping

#: How long an incomplete batch waits for more, and how often a rest looks up, in seconds.
GATHER_S: Final = 0.5
_POLL_S: Final = 0.2
#: The group has given the partition to somebody else meanwhile, or cannot be asked just now: what
#: was done is done again, and changes nothing.
_NOT_NOTED: Final = frozenset(
    {
        KafkaError.ILLEGAL_GENERATION,
        KafkaError.UNKNOWN_MEMBER_ID,
        KafkaError.REBALANCE_IN_PROGRESS,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
        KafkaError._ASSIGNMENT_LOST,
        KafkaError._NO_OFFSET,
        KafkaError._STATE,
        KafkaError._TIMED_OUT,
        KafkaError._TRANSPORT,
        KafkaError._WAIT_COORD,
    }
)


class Intake:
    """Reads a topic as one member of a consumer group.

    Parameters
    ----------
    bootstrap, extra
        Kafka's address, and any librdkafka setting.
    group
        Of consumers; its members share the partitions.
    topic
        To read.
    """

    def __init__(self, bootstrap: str, group: str, topic: str, extra: Settings) -> None:
        self._topic = topic
        self._consumer: Consumer = open_consumer(bootstrap, group, extra)
        self._assigned: set[int] | None = None
        self._at_end: set[int] = set()
        self._held: list[Message] = []
        self._consumer.subscribe([topic], on_assign=self._take, on_revoke=self._give)

    @property
    def at_end(self) -> bool:
        """Whether all that is committed was read, on each partition that is ours."""
        return self._assigned is not None and self._assigned <= self._at_end

    def take(self, most: int) -> list[Source]:
        """The next records, none where none came in time."""
        held, self._held = self._held, []
        records = []
        for message in [*held, *self._consumer.consume(most, GATHER_S)]:
            error = message.error()
            if error is None:
                records.append(Source.of(message))
            elif error.code() == KafkaError._PARTITION_EOF:
                self._at_end.add(message.partition())
            elif not error.retriable():
                # What the group's coordinator says is of no topic.
                raise DeliveryError(f"{self._topic} cannot be read: {error.str()}")
        return records

    def done(self, records: Sequence[Source]) -> None:
        """Note that these, and all before them, need not be read again."""
        newest: dict[tuple[str, int], int] = {}
        for record in records:
            newest[record.topic, record.partition] = record.offset + 1
        places = [TopicPartition(*where, offset) for where, offset in newest.items()]
        try:
            self._consumer.commit(offsets=places, asynchronous=False)
        except KafkaException as error:
            if error.args[0].code() not in _NOT_NOTED:
                raise DeliveryError(f"Kafka does not note the place: {reason(error)}") from None

    def behind(self) -> int:
        """Records after the last one read, on partitions of which one was read.

        Those among them that only Kafka needs, and what was taken back, count too.
        """
        return sum(self._behind(place) for place in self._consumer.position(self._ours()))

    def _behind(self, place: TopicPartition) -> int:
        _low, high = self._consumer.get_watermark_offsets(place, cached=True)
        return max(int(high) - int(place.offset), 0) if place.offset >= 0 else 0

    def rest(self, seconds: float, stopping: Stopping) -> None:
        """Wait without reading on, and stay a member of the group."""
        self._consumer.pause(self._ours())
        until_s = time.monotonic() + seconds
        while not stopping.asked and (left_s := until_s - time.monotonic()) > 0:
            message = self._consumer.poll(min(left_s, _POLL_S))
            if message is not None:  # of a partition that came to us during the rest
                self._held.append(message)
        self._consumer.resume(self._ours())

    def close(self) -> None:
        """Leave the group, so that others need not wait for our silence to be noticed."""
        self._consumer.close()

    def _ours(self) -> list[TopicPartition]:
        return list(self._consumer.assignment())

    def _take(self, _consumer: Any, places: Sequence[TopicPartition]) -> None:
        self._assigned = {place.partition for place in places}
        self._at_end.clear()

    def _give(self, _consumer: Any, _places: Sequence[TopicPartition]) -> None:
        self._assigned = None
