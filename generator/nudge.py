"""How is a reader woken that has read all there is?

Flink's Kafka source waits up to ten seconds for new records (``KafkaPartitionSplitReader``,
FLINK-40367), and while it waits it does not commit what a checkpoint has covered. Whoever waits
for that commit sends it a clock record: it has no fate, and event time does not move.
"""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self

import msgspec
from confluent_kafka import KafkaException

from generator.bookends import CLOCK_KEY, open_producer
from generator.kafka_client import Settings
from job.contracts import ClockRecord, Topics

_FLUSH_TIMEOUT_S: Final = 2.0


class Nudge:
    """Sends clock records to the first partition of a run's ``swipes``.

    Parameters
    ----------
    bootstrap
        Comma-separated ``host:port``.
    prefix
        Of the run's topics.
    clock_time_ms
        Event time of the records. Not past what the topic has reached, or it would close windows.
    extra
        Any librdkafka setting.

    Raises
    ------
    KafkaRefused
        When a setting is unknown or wrong.
    """

    def __init__(
        self, bootstrap: str, prefix: str, clock_time_ms: int, extra: Settings | None = None
    ) -> None:
        self._topic = Topics.with_prefix(prefix).swipes
        self._clock_time_ms = clock_time_ms
        self._value = msgspec.json.encode(ClockRecord(clock_time_ms=clock_time_ms))
        self._producer = open_producer(bootstrap, extra, linger_ms=0)

    def send(self) -> None:
        """Send one; a broker that does not take it is of no concern here."""
        try:
            self._producer.produce(
                self._topic, self._value, CLOCK_KEY, partition=0, timestamp=self._clock_time_ms
            )
        except (BufferError, KafkaException):
            return
        self._producer.poll(0)

    def __enter__(self) -> Self:
        """Nothing to begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let what is on its way arrive, so that the topic is still afterwards."""
        if self._producer.flush(_FLUSH_TIMEOUT_S):
            self._producer.purge()
            self._producer.flush(_FLUSH_TIMEOUT_S)
