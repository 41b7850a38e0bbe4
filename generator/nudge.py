"""How is a reader woken that has read all there is?

Flink's Kafka source waits up to ten seconds for new records (``KafkaPartitionSplitReader``,
FLINK-40367), and while it waits it does not commit what a checkpoint has covered. Whoever waits
for that commit sends it clock records: they have no fate, and event time does not move.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
from confluent_kafka import KafkaException

from generator.bookends import CLOCK_KEY, open_producer
from job.contracts import ClockRecord, Topics

Nudge = Callable[[], None]
_FLUSH_TIMEOUT_S: Final = 2.0


@contextmanager
def nudging(bootstrap: str, prefix: str, partitions: int, clock_time_ms: int) -> Iterator[Nudge]:
    """Give a function that sends one clock record to each partition of ``swipes``.

    Each, because at a higher parallelism each partition has a reader of its own. What is on its way
    arrives before the context ends, so that the topic is still afterwards. A broker that does not
    take the records is of no concern here.

    Parameters
    ----------
    bootstrap
        Comma-separated ``host:port``.
    prefix
        Of the run's topics.
    partitions
        Of ``swipes``.
    clock_time_ms
        Event time of the records. Not past what the topic has reached, or it would close windows.
    """
    topic = Topics.with_prefix(prefix).swipes
    value = msgspec.json.encode(ClockRecord(clock_time_ms=clock_time_ms))
    producer = open_producer(bootstrap, linger_ms=0)

    def nudge() -> None:
        for partition in range(partitions):
            try:
                producer.produce(
                    topic, value, CLOCK_KEY, partition=partition, timestamp=clock_time_ms
                )
            except (BufferError, KafkaException):
                return
        producer.poll(0)

    try:
        yield nudge
    finally:
        if producer.flush(_FLUSH_TIMEOUT_S):
            producer.purge()
            producer.flush(_FLUSH_TIMEOUT_S)
