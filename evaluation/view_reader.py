"""When does each record of the outputs become visible to a reader?

One reader is one thread with one consumer over all partitions from their beginning. It keeps raw
bytes and the receipt time; decoding would make it late.
"""

from __future__ import annotations

import queue
import threading
import time
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from confluent_kafka import Consumer, KafkaError, KafkaException, Message
from confluent_kafka import TopicPartition as Place

from evaluation.offsets import Partition
from generator.kafka_client import KafkaRefused, Settings, client_settings, reason, silent_logger

View = Literal["uncommitted", "committed"]
VIEWS: Final[tuple[View, View]] = ("uncommitted", "committed")

#: Rows handed to the file at once. A choice: small enough that building the columns, which holds
#: the interpreter's lock, delays no receipt by a millisecond; large enough to compress.
CHUNK_ROWS: Final = 16_384
_BATCH: Final = 1_000
_POLL_S: Final = 0.1


@dataclass
class Chunk:
    """Some records of one view, as columns; ``topic`` is a number in the reader's topic list."""

    view: View
    topic: array[int] = field(default_factory=lambda: array("b"))
    partition: array[int] = field(default_factory=lambda: array("i"))
    offset: array[int] = field(default_factory=lambda: array("q"))
    record_time_ms: array[int] = field(default_factory=lambda: array("q"))
    received_ns: array[int] = field(default_factory=lambda: array("q"))
    key: list[bytes | None] = field(default_factory=list)
    value: list[bytes | None] = field(default_factory=list)


#: Nobody joins it and nothing is committed; librdkafka wants a name, and asks who coordinates it.
READER_GROUP: Final = "paystream-reader"


def open_consumer(bootstrap: str, view: View, extra: Settings | None = None) -> Consumer:
    """A consumer that belongs to no group, commits nothing, and is told when it is at the end.

    Raises
    ------
    KafkaRefused
        When a setting is unknown or wrong.
    """
    own: dict[str, Any] = {
        "group_id": READER_GROUP,
        "enable_auto_commit": False,
        "enable_auto_offset_store": False,
        "isolation_level": f"read_{view}",
        "enable_partition_eof": True,
        # A record that is gone must be an error, not a silent jump.
        "auto_offset_reset": "error",
        "fetch_min_bytes": 1,
        "fetch_wait_max_ms": 100,
        # The default of 1 s would look like latency of the job.
        "fetch_queue_backoff_ms": 10,
        "queued_max_messages_kbytes": 65_536,
    }
    try:
        return Consumer(client_settings(bootstrap, extra, **own), logger=silent_logger)
    except KafkaException as error:
        raise KafkaRefused(f"Kafka consumer setting refused: {reason(error)}") from None


class ViewReader(threading.Thread):
    """Reads all outputs at one isolation level until it is told to stop.

    Parameters
    ----------
    view
        Isolation level.
    consumer
        Unassigned; owned and closed by this thread.
    begin
        What to read: the first offset of each partition.
    topic_codes
        Number of each topic in the chunks.
    sink
        Gets the chunks.

    Attributes
    ----------
    records, last_received_ns
        So far.
    by_topic
        Records so far by topic.
    position
        By partition: all before this offset has been seen, commit markers included.
    chunk
        What is being gathered; rows are only added, and whole as far as ``received_ns`` reaches.
    problems
        Errors of the consumer, each text once.
    """

    def __init__(
        self,
        view: View,
        consumer: Consumer,
        begin: Mapping[Partition, int],
        topic_codes: Mapping[str, int],
        sink: queue.SimpleQueue[Chunk | None],
    ) -> None:
        super().__init__(name=f"reader-{view}", daemon=True)
        self.view = view
        self.records = 0
        self.last_received_ns = 0
        self.by_topic = dict.fromkeys(topic_codes, 0)
        self.position: dict[Partition, int] = dict(begin)
        self.problems: list[str] = []
        self._consumer = consumer
        self._codes = topic_codes
        self._sink = sink
        self.chunk = Chunk(view)
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Ask the thread to hand over what it has and to end."""
        self._stopping.set()

    def run(self) -> None:
        """Read until stopped."""
        self._consumer.assign(
            [Place(topic, number, offset) for (topic, number), offset in self.position.items()]
        )
        try:
            while not self._stopping.is_set():
                self._read_once()
        except KafkaException as error:
            self._note(reason(error))
        finally:
            self._sink.put(self.chunk)
            self._consumer.close()

    def _read_once(self) -> None:
        # Block for the first record only: a wait for a full batch would count as latency.
        first = self._consumer.poll(_POLL_S)
        if first is None:
            return
        batch = [first]
        while batch:
            self._take(batch, time.monotonic_ns())
            batch = self._consumer.consume(_BATCH, 0)

    def _take(self, batch: list[Message], now_ns: int) -> None:
        chunk, codes, position, by_topic = self.chunk, self._codes, self.position, self.by_topic
        taken = 0
        for message in batch:
            topic, partition, offset = message.topic(), message.partition(), message.offset()
            error = message.error()
            if error is not None:
                self._at_end_or_problem(error, (topic, partition), offset)
                continue
            chunk.topic.append(codes[topic])
            chunk.partition.append(partition)
            chunk.offset.append(offset)
            chunk.record_time_ms.append(message.timestamp()[1])
            chunk.key.append(message.key())
            chunk.value.append(message.value())
            position[topic, partition] = offset + 1
            by_topic[topic] += 1
            taken += 1
        if not taken:
            return
        chunk.received_ns.extend([now_ns] * taken)
        self.records += taken
        self.last_received_ns = now_ns
        if len(chunk.offset) >= CHUNK_ROWS:
            self._sink.put(chunk)
            self.chunk = Chunk(self.view)

    def _at_end_or_problem(self, error: KafkaError, place: Partition, offset: int) -> None:
        if error.code() == KafkaError._PARTITION_EOF:
            self.position[place] = offset
        else:
            self._note(error.str())

    def _note(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)
