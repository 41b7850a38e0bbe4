"""When can the decision on a canary swipe be read, uncommitted and committed?

A reader sees every decision and looks at the keys alone: the canary's are one in hundreds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from confluent_kafka import OFFSET_END, Consumer
from confluent_kafka import TopicPartition as Place

from delivery.kafka import Settings, make_consumer
from monitoring.canary.figures import View
from monitoring.canary.swipes import PREFIX
from monitoring.canary.waiting import Waiting

#: Nobody joins it: librdkafka asks who coordinates it all the same.
CANARY_GROUP: Final = "paystream-canary"
_BATCH: Final = 1_000
_POLL_S: Final = 0.1
_KEY_PREFIX: Final = PREFIX.encode()


class _Decision(msgspec.Struct):
    """What is read of a decision: the rest is of no concern here."""

    swipe_id: str


_decode: Final = msgspec.json.Decoder(_Decision).decode


class DecisionReader(threading.Thread):
    """Reads the decisions that come from now on, at one isolation level, until it is told to stop.

    Parameters
    ----------
    view
        Which level.
    bootstrap, extra
        Kafka's address, and any librdkafka setting.
    topic, partitions
        Of the decisions.
    waiting
        The swipes that wait for them.

    Raises
    ------
    DeliveryError
        When a setting is refused.
    """

    def __init__(
        self,
        view: View,
        bootstrap: str,
        extra: Settings,
        topic: str,
        partitions: Iterable[int],
        waiting: Waiting,
    ) -> None:
        super().__init__(name=f"canary-{view}", daemon=True)
        self._view, self._waiting = view, waiting
        self._stopping = threading.Event()
        self._consumer = _open_consumer(view, bootstrap, extra)
        self._consumer.assign([Place(topic, each, OFFSET_END) for each in partitions])

    def stop(self) -> None:
        """End it, and wait until it has."""
        self._stopping.set()
        if self.is_alive():
            self.join()

    def run(self) -> None:
        """Read until told to stop."""
        while not self._stopping.is_set():
            # A batch alone would be waited for until it is full: first one, then what is there.
            first = self._consumer.poll(_POLL_S)
            if first is None:
                continue
            received_ns = time.monotonic_ns()
            for message in (first, *self._consumer.consume(_BATCH, 0)):
                self._take(message, received_ns)
        self._consumer.close()

    def _take(self, message: Any, received_ns: int) -> None:
        if message.error() is not None or not (message.key() or b"").startswith(_KEY_PREFIX):
            return
        try:
            swipe_id = _decode(message.value() or b"").swipe_id
        except (msgspec.DecodeError, UnicodeDecodeError):
            return  # not a decision: the swipe will be counted as lost
        self._waiting.decided(self._view, swipe_id, received_ns)


def _open_consumer(view: View, bootstrap: str, extra: Settings) -> Consumer:
    own = {
        "group.id": CANARY_GROUP,
        "enable.auto.commit": "false",
        "enable.auto.offset.store": "false",
        "isolation.level": f"read_{view}",
        "auto.offset.reset": "latest",
        "fetch.min.bytes": "1",
        "fetch.wait.max.ms": "100",
        # The default of 1 s would look like latency of the job.
        "fetch.queue.backoff.ms": "10",
    }
    return make_consumer(bootstrap, own, extra)
