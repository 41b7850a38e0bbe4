"""Does the canary see, on a real broker, what is decided, what is not, and how far a group is?"""

from __future__ import annotations

import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from delivery.problems import DeliveryError
from delivery.stopping import Stopping
from generator.kafka_client import admin_client
from generator.topics import create_run_topics
from job.contracts import CONTRACT_VERSION, Decision, Swipe
from monitoring.canary.canary import CanaryOrder, run_canary
from monitoring.canary.group_lag import group_lag
from stack.free_ports import free_ports
from tests.in_a_thread import in_a_thread

pytestmark = pytest.mark.stack


def decision_on(swipe: Swipe) -> bytes:
    decision = Decision(
        v=CONTRACT_VERSION,
        swipe_id=swipe.swipe_id,
        card_token=swipe.card_token,
        event_time_ms=swipe.event_time_ms,
        fate="judged",
        score=0.0,
        action="clear",
        partition=0,
        offset=0,
    )
    return msgspec.json.encode(decision)


@contextmanager
def every_second_decided(bootstrap: str, prefix: str) -> Iterator[None]:
    """A job that is plain: it decides every second swipe at once, and loses the others."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "plain", "auto.offset.reset": "earliest"}
    )
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0})
    consumer.subscribe([f"{prefix}swipes"])

    def decide(stopping: Stopping) -> None:
        count = 0
        while not stopping.asked:
            message = consumer.poll(0.1)
            if message is None or message.error():
                continue
            count += 1
            if count % 2:
                swipe = msgspec.json.decode(message.value() or b"", type=Swipe)
                key = swipe.card_token.encode()
                producer.produce(f"{prefix}decisions", decision_on(swipe), key)
                producer.poll(0)

    try:
        with in_a_thread(decide):
            yield
    finally:
        consumer.close()


def told(port: int) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def wait_for(port: int, reached: Callable[[dict[str, float]], bool]) -> dict[str, float]:
    deadline_s = time.monotonic() + 30
    figures: dict[str, float] = {}
    while True:
        try:
            figures = told(port)
        except OSError:
            figures = {}
        if figures and reached(figures):
            return figures
        assert time.monotonic() < deadline_s, figures
        time.sleep(0.2)


def test_what_is_decided_is_timed_and_what_is_not_is_lost(kafka_address: str, prefix: str) -> None:
    create_run_topics(kafka_address, prefix)
    (port,) = free_ports(1)
    order = CanaryOrder(
        bootstrap=kafka_address,
        prefix=prefix,
        group="nobody",
        port=port,
        interval_ms=50,
        give_up_s=2,
    )
    count = 'paystream_canary_latency_seconds_bucket{le="1.0",view="%s"}'
    lost = 'paystream_canary_lost_total{view="%s"}'
    with (
        every_second_decided(kafka_address, prefix),
        in_a_thread(lambda stopping: run_canary(order, stopping, lambda _n: None, lag_every_s=0.5)),
    ):
        found = wait_for(
            port,
            lambda figures: all(
                figures[name % view] >= 5
                for name in (count, lost)
                for view in ("uncommitted", "committed")
            ),
        )
    assert found["paystream_canary_unsent_total"] == 0
    # Nobody has committed anything: the lag is all that was sent.
    lag = sum(value for name, value in found.items() if "consumer_lag_records" in name)
    assert 0 < lag <= found["paystream_canary_swipes_total"]


def test_lag_is_what_a_group_has_not_committed(kafka_address: str, prefix: str) -> None:
    create_run_topics(kafka_address, prefix, partitions=2)
    topic, group = f"{prefix}swipes", f"{prefix}group"
    producer = Producer({"bootstrap.servers": kafka_address})
    for number in range(10):
        producer.produce(topic, b"x", partition=number % 2)
    assert producer.flush(10) == 0
    admin = admin_client(kafka_address)
    assert group_lag(admin, group, topic, [0, 1]) == {0: 5, 1: 5}
    consumer = Consumer({"bootstrap.servers": kafka_address, "group.id": group})
    consumer.commit(offsets=[TopicPartition(topic, 0, 3)], asynchronous=False)
    consumer.close()
    assert group_lag(admin, group, topic, [0, 1]) == {0: 2, 1: 5}


def test_a_topic_that_is_missing_is_named(kafka_address: str, prefix: str) -> None:
    order = CanaryOrder(bootstrap=kafka_address, prefix=prefix)
    with pytest.raises(DeliveryError, match=f"no topic {prefix}swipes"):
        run_canary(order, Stopping(), lambda _n: None)


def test_a_port_that_is_taken_is_named(kafka_address: str, prefix: str) -> None:
    create_run_topics(kafka_address, prefix)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        order = CanaryOrder(bootstrap=kafka_address, prefix=prefix, port=port)
        with pytest.raises(DeliveryError, match=f"127.0.0.1:{port}.*--port"):
            run_canary(order, Stopping(), lambda _n: None)
