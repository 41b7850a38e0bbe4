"""Is a replay recognised that stands on the topic already, whole or in part?"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from confluent_kafka import Producer

from generator.kafka_client import KafkaRefused
from generator.seen_before import find_seen
from generator.topics import create_topics

pytestmark = pytest.mark.stack


@pytest.fixture
def replay(tmp_path: Path) -> Path:
    ids = [f"s{number}" for number in range(100)]
    pq.write_table(pa.table({"swipe_id": ids}), tmp_path / "swipes.parquet")
    return tmp_path


@pytest.fixture
def topic(kafka_address: str, prefix: str) -> str:
    create_topics(kafka_address, {f"{prefix}swipes": 2})
    return f"{prefix}swipes"


def send(bootstrap: str, topic: str, *values: bytes) -> None:
    producer = Producer({"bootstrap.servers": bootstrap})
    for value in values:
        producer.produce(topic, value, partition=1)
    assert producer.flush(10) == 0


def test_an_empty_topic_holds_nothing(kafka_address, topic, replay):
    assert find_seen(kafka_address, topic, replay) is None


def test_other_swipes_and_what_is_no_swipe_are_passed_over(kafka_address, topic, replay):
    send(kafka_address, topic, b'{"swipe_id":"t1"}', b"{", b"\xff", b"", b"[]")
    assert find_seen(kafka_address, topic, replay) is None


def test_one_swipe_of_the_replay_is_enough(kafka_address, topic, replay):
    send(kafka_address, topic, b'{"swipe_id":"t1"}', b'{"swipe_id":"s42"}')
    assert find_seen(kafka_address, topic, replay) == ("s42", 1, 1)


def test_only_the_newest_records_are_looked_at(kafka_address, topic, replay):
    send(kafka_address, topic, b'{"swipe_id":"s42"}', *[b'{"swipe_id":"t1"}'] * 10)
    assert find_seen(kafka_address, topic, replay, look_back=8) is None
    assert find_seen(kafka_address, topic, replay, look_back=40) is not None


def test_a_topic_that_is_not_there_is_named(kafka_address, prefix, replay):
    with pytest.raises(KafkaRefused, match=f"no topic {prefix}swipes"):
        find_seen(kafka_address, f"{prefix}swipes", replay)
