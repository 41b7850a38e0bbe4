"""How fast is Kafka itself, on this machine, in this very run?

One small message every 20 ms goes through a topic of its own and comes back. A latency of the job
that is near this floor, or a floor that is high, says something about the machine, not the job.
"""

from __future__ import annotations

import threading
import time
from array import array
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from confluent_kafka import TopicPartition as Place

from evaluation.offsets import read_ends
from evaluation.view_reader import open_consumer
from generator.bookends import open_producer
from generator.kafka_client import Settings, require_broker
from generator.topics import create_topics, floor_topic
from generator.whole_file import whole_file

#: Between two messages. A choice: 3,000 samples a minute, enough for a p99.
INTERVAL_MS: Final = 20
_POLL_S: Final = 0.1


class FloorProbe:
    """Measures plain Kafka round trips beside a run: one thread sends, one receives.

    Sending keeps its schedule however slow the answers are, and each round trip counts from when
    its message was due, or slow moments would be left out.

    Parameters
    ----------
    bootstrap
        Comma-separated ``host:port``.
    prefix
        Of the run's topics; the probe's topic is ``<prefix>floor`` and is made here.
    interval_ms
        Between two messages.
    extra
        Any librdkafka setting.
    existing
        The topic is there already, with what other runs left on it.

    Raises
    ------
    KafkaUnreachable, KafkaRefused
        When no broker answers, or the topic exists although it should be made here.
    """

    def __init__(
        self,
        bootstrap: str,
        prefix: str,
        *,
        interval_ms: int = INTERVAL_MS,
        extra: Settings | None = None,
        existing: bool = False,
    ) -> None:
        self._topic = floor_topic(prefix)
        begin = 0
        if existing:
            place = (self._topic, 0)
            begin = read_ends(require_broker(bootstrap, extra), [place]).end[place]
        else:
            create_topics(bootstrap, {self._topic: 1}, extra=extra)
        self._producer = open_producer(bootstrap, extra, linger_ms=0)
        self._consumer = open_consumer(bootstrap, "uncommitted", extra)
        self._consumer.assign([Place(self._topic, 0, begin)])
        self._interval_s = interval_ms / 1000
        self._sent_ns, self._received_ns = array("q"), array("q")
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=target, name=target.__name__, daemon=True)
            for target in (self._send, self._receive)
        ]

    @property
    def round_trips(self) -> int:
        """Completed so far."""
        return len(self._received_ns)

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> pa.Table:
        """End, and give columns ``sent_ns`` and ``received_ns`` (``time.monotonic_ns``)."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        columns = {"sent_ns": self._sent_ns, "received_ns": self._received_ns}
        return pa.table({name: pa.array(times, pa.int64()) for name, times in columns.items()})

    def _send(self) -> None:
        due_s = time.monotonic()
        while not self._stopping.wait(max(0.0, due_s - time.monotonic())):
            # The time it was due: had this process stood still, its messages would be as late.
            self._producer.produce(self._topic, b"%d" % int(due_s * 1e9), partition=0)
            self._producer.poll(0)
            due_s += self._interval_s
        self._producer.flush(1.0)

    def _receive(self) -> None:
        quiet = False
        # After the last message one empty poll: what is on its way still counts.
        while not (self._stopping.is_set() and quiet):
            message: Any = self._consumer.poll(_POLL_S)
            quiet = message is None
            if message is not None and message.error() is None:
                now_ns = time.monotonic_ns()
                self._sent_ns.append(int(message.value()))
                self._received_ns.append(now_ns)
        self._consumer.close()


def write_floor(path: Path, round_trips: pa.Table) -> None:
    """Write ``floor.parquet`` at once."""
    with whole_file(path) as partial:
        pq.write_table(round_trips, partial, compression="zstd")
