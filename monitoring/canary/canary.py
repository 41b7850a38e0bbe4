"""How does the canary live: send on schedule, read both views, tell Prometheus?"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from confluent_kafka import KafkaException, Producer
from prometheus_client import make_wsgi_app

from delivery.kafka import (
    Settings,
    client_settings,
    reach,
    reason,
    require_topic,
    silent_logger,
)
from delivery.problems import DeliveryError
from delivery.served import served
from delivery.stopping import Stopping
from job.contracts import Swipe, Topics
from monitoring.canary.figures import VIEWS, Figures
from monitoring.canary.group_lag import GroupLag
from monitoring.canary.reading import DecisionReader
from monitoring.canary.swipes import CARDS, canary_swipe
from monitoring.canary.waiting import Waiting

_NANOS_PER_MS: Final = 1_000_000
_NANOS_PER_S: Final = 1_000_000_000
_FLUSH_S: Final = 5.0
_encode: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class CanaryOrder:
    """Where the canary sings, and how often.

    Attributes
    ----------
    bootstrap, kafka_settings
        Kafka's address, and any librdkafka setting.
    prefix
        Of the job's topics.
    group
        Consumer group of the job, whose lag is told.
    host, port
        Where Prometheus asks.
    interval_ms
        Between two swipes. The default gives 1,200 in ten minutes: enough for a p99.
    event_time_offset_ms
        Added to wall time for the swipes' event time; 0 in production, where the two are one. A
        replay of the past has another.
    give_up_s
        Longest wait for a decision.
    """

    bootstrap: str
    prefix: str = ""
    group: str = "paystream-job"
    host: str = "127.0.0.1"
    port: int = 9410
    interval_ms: int = 500
    event_time_offset_ms: int = 0
    give_up_s: float = 30.0
    kafka_settings: Settings = field(default_factory=dict)


def run_canary(
    order: CanaryOrder, stopping: Stopping, tell: Callable[[int], None], lag_every_s: float = 5.0
) -> None:
    """Sing until told to stop.

    Parameters
    ----------
    order
        Where and how often.
    stopping
        Ends it.
    tell
        Called with the number of swipes so far.
    lag_every_s
        Between two looks at the job's lag.

    Raises
    ------
    DeliveryError
        When no broker answers, a topic is missing, a setting is refused, or the port is taken.
    """
    topics = Topics.with_prefix(order.prefix)
    admin, known = reach(order.bootstrap, order.kafka_settings)
    for topic in (topics.swipes, topics.decisions):
        require_topic(known, topic)
    figures = Figures()
    waiting = Waiting(figures, order.give_up_s)
    decisions = sorted(known.topics[topics.decisions].partitions)
    swipes = sorted(known.topics[topics.swipes].partitions)
    producer = _open_producer(order)
    readers = [
        DecisionReader(
            view, order.bootstrap, order.kafka_settings, topics.decisions, decisions, waiting
        )
        for view in VIEWS
    ]
    lag = GroupLag(admin, order.group, topics.swipes, swipes, figures, lag_every_s)
    threads: tuple[DecisionReader | GroupLag, ...] = (*readers, lag)
    with served(order.host, order.port, make_wsgi_app(figures.registry)):
        for thread in threads:
            thread.start()
        try:
            _sing(order, _Sender(producer, topics.swipes, waiting), waiting, stopping, tell)
        finally:
            producer.flush(_FLUSH_S)
            for thread in threads:
                thread.stop()


def _sing(
    order: CanaryOrder,
    sender: _Sender,
    waiting: Waiting,
    stopping: Stopping,
    tell: Callable[[int], None],
) -> None:
    run = secrets.token_hex(4)
    # A canary that is started again and again must not swipe the same card each time.
    first = secrets.randbelow(CARDS)
    count, due_ns = 0, time.monotonic_ns()
    while not stopping.wait(max(0.0, (due_ns - time.monotonic_ns()) / _NANOS_PER_S)):
        event_time_ms = time.time_ns() // _NANOS_PER_MS + order.event_time_offset_ms
        # From when it was due: had this process stood still, its swipes would be as late.
        sender.send(canary_swipe(run, first + count, event_time_ms), due_ns)
        waiting.give_up(time.monotonic_ns())
        count += 1
        due_ns += order.interval_ms * _NANOS_PER_MS
        tell(count)


class _Sender:
    """Hands swipes to Kafka; what Kafka does not take is settled as unsent."""

    def __init__(self, producer: Producer, topic: str, waiting: Waiting) -> None:
        self._producer, self._topic, self._waiting = producer, topic, waiting

    def send(self, swipe: Swipe, due_ns: int) -> None:
        swipe_id = swipe.swipe_id

        def settled(error: Any, _message: Any) -> None:
            if error is not None:
                self._waiting.unsent(swipe_id)

        self._waiting.sent(swipe_id, due_ns)
        try:
            self._producer.produce(
                self._topic,
                _encode(swipe),
                swipe.card_token.encode(),
                timestamp=swipe.event_time_ms,
                on_delivery=settled,
            )
        except (BufferError, KafkaException):
            self._waiting.unsent(swipe_id)
        self._producer.poll(0)


def _open_producer(order: CanaryOrder) -> Producer:
    own = {
        "acks": "all",
        "linger.ms": "0",
        "enable.idempotence": "true",
        # Where the job's other senders put a key.
        "partitioner": "murmur2",
        # What waits longer has no decision in time, and would come as a flood afterwards.
        "delivery.timeout.ms": str(round(order.give_up_s * 1_000)),
    }
    settings = client_settings(order.bootstrap, own, order.kafka_settings)
    try:
        return Producer(settings, logger=silent_logger)
    except KafkaException as error:
        raise DeliveryError(f"Kafka setting refused: {reason(error)}") from None
