"""How do the fraud reports of a replay get into Kafka while it is sent?

They are few and days late anyway, so the parent of the sending processes sends those that are due
each time it looks after them.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from generator.bookends import open_producer
from generator.kafka_client import KafkaRefused, Settings, require_broker, topic_partitions
from job.contracts import Topics

REPORTS_FILE = "reports.parquet"
_FLUSH_S = 30.0


class ReportFeed:
    """The reports of one replay, in the order of their time.

    Parameters
    ----------
    replay
        Its folder; one without ``reports.parquet`` has none.
    bootstrap, prefix, extra
        The Kafka side.

    Raises
    ------
    KafkaUnreachable, KafkaRefused
        When there are reports, and no broker answers or the topic does not exist.
    """

    def __init__(
        self, replay: Path, bootstrap: str, prefix: str, extra: Settings | None = None
    ) -> None:
        file = replay / REPORTS_FILE
        rows = pq.read_table(file).to_pylist() if file.exists() else []
        self._waiting = list(reversed(rows))
        self._topic = Topics.with_prefix(prefix).fraud_reports
        self._refused: list[str] = []
        self.sent = 0
        if rows:
            topic_partitions(require_broker(bootstrap, extra), [self._topic])
            self._producer = open_producer(bootstrap, extra, linger_ms=0)

    def send_due(self, start_ns: int) -> None:
        """Send what is due by now; ``start_ns`` is the schedule's start (monotonic clock)."""
        passed_us = (time.monotonic_ns() - start_ns) // 1_000
        while self._waiting and self._waiting[-1]["due_us"] <= passed_us:
            row = self._waiting.pop()
            self._producer.produce(
                self._topic,
                row["value"],
                row["key"].encode(),
                on_delivery=self._told,
                timestamp=row["record_time_ms"],
            )
            self._producer.poll(0)
            self.sent += 1

    def finish(self) -> None:
        """Wait until Kafka has all that were sent; those not due yet stay unsent.

        Raises
        ------
        KafkaRefused
            When one was not confirmed.
        """
        if not self.sent:
            return
        left = self._producer.flush(_FLUSH_S)
        if left or self._refused:
            said = self._refused[0] if self._refused else f"no answer within {_FLUSH_S:g} s"
            raise KafkaRefused(
                f"{left + len(self._refused)} fraud reports were not taken by {self._topic}: {said}"
            )

    def _told(self, error: Any, _message: object) -> None:
        if error is not None:
            self._refused.append(error.str())
