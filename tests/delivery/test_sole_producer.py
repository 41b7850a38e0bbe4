"""Does one writer alone write under a name, and is nothing said to be written before it is?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from delivery.kafka import SoleProducer, silent_logger
from delivery.problems import DeliveryError
from generator.topics import create_run_topics

#: Long enough for any answer, seconds.
WAIT_S = 20.0


@pytest.fixture(scope="module")
def stand_in() -> Iterator[str]:
    """A broker inside librdkafka: it knows transactions, but shuts nobody out."""
    host = Producer({"test.mock.num.brokers": 1, "log_level": 0}, logger=silent_logger)
    (broker,) = host.list_topics("records", timeout=WAIT_S).brokers.values()
    yield f"{broker.host}:{broker.port}"
    host.flush(0)


def committed(bootstrap: str, topic: str, count: int) -> list[tuple[str, bytes | None]]:
    """The first records that a reader of committed ones gets, and none after them."""
    own = {"group.id": "t", "enable.partition.eof": True, "isolation.level": "read_committed"}
    consumer = Consumer({"bootstrap.servers": bootstrap, **own}, logger=silent_logger)
    consumer.assign([TopicPartition(topic, number, 0) for number in range(4)])
    found, ends, deadline_s = [], 0, time.monotonic() + WAIT_S
    try:
        while ends < 4 or len(found) < count:
            assert time.monotonic() < deadline_s
            for message in consumer.consume(100, 0.2):
                if message.error() is None:
                    found.append((message.key().decode(), message.value()))
                else:
                    ends += 1
    finally:
        consumer.close()
    return found


def test_what_was_confirmed_is_there_transaction_by_transaction(stand_in: str) -> None:
    producer = SoleProducer(stand_in, "publisher", {})
    producer.open()
    producer.open()
    producer.write("records", "c1", b"{}", 1)
    producer.write("records", "c2", None, 0)
    producer.confirm()
    producer.write("records", "c1", b"[]", 2)
    producer.confirm()
    found = committed(stand_in, "records", 3)
    assert sorted(found, key=str) == [("c1", b"[]"), ("c1", b"{}"), ("c2", None)]


def test_nothing_to_confirm_is_confirmed(stand_in: str) -> None:
    producer = SoleProducer(stand_in, "publisher", {})
    producer.open()
    producer.confirm()


def test_who_was_not_let_in_writes_nothing(stand_in: str) -> None:
    with pytest.raises(DeliveryError, match="transactions of publisher") as told:
        SoleProducer(stand_in, "publisher", {}).write("records", "c1", b"{}", 1)
    assert "\n" not in str(told.value)


def fenced() -> KafkaException:
    return KafkaException(KafkaError(KafkaError._FENCED, "by a newer instance", fatal=True))


def in_a_callback() -> int:
    """As Python tells what the client raised while a record's callback ran."""
    raise SystemError("returned a result with an exception set") from fenced()


def in_two_callbacks() -> int:
    try:
        return in_a_callback()
    except SystemError as error:
        raise SystemError("returned a result with an exception set") from error


def outside_of_one() -> int:
    raise fenced()


def wiped_out() -> int:
    """As it came out of a real broker: the client's next line in its log wiped out the reason."""
    raise SystemError("<method 'flush'> returned NULL without setting an exception")


#: How what is fatal comes out, and what is left of it.
FATAL = [
    (in_a_callback, "by a newer instance"),
    (in_two_callbacks, "by a newer instance"),
    (outside_of_one, "by a newer instance"),
    (wiped_out, "something fatal"),
]


@pytest.mark.parametrize(("fails", "left"), FATAL)
def test_a_fatal_error_is_one_line_wherever_it_comes_out(
    monkeypatch: pytest.MonkeyPatch, stand_in: str, fails: Callable[[], int], left: str
) -> None:
    producer = SoleProducer(stand_in, "publisher", {})
    broken = SimpleNamespace(flush=lambda _s: fails(), poll=lambda _s: fails())
    monkeypatch.setattr(producer, "_producer", broken)
    with pytest.raises(DeliveryError, match=f"nothing more of this writer: {left}"):
        producer.confirm()


@pytest.mark.parametrize(("fails", "left"), FATAL)
def test_a_fatal_error_of_a_commit_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch, stand_in: str, fails: Callable[[], int], left: str
) -> None:
    producer = SoleProducer(stand_in, "publisher", {})
    broken = SimpleNamespace(init_transactions=lambda _s: fails())
    monkeypatch.setattr(producer, "_producer", broken)
    with pytest.raises(DeliveryError, match=f"transactions of publisher: {left}"):
        producer.open()


def test_a_bug_of_another_kind_is_no_refusal(
    monkeypatch: pytest.MonkeyPatch, stand_in: str
) -> None:
    def fails(_s: float) -> int:
        raise SystemError("another")

    producer = SoleProducer(stand_in, "publisher", {})
    monkeypatch.setattr(producer, "_producer", SimpleNamespace(flush=fails))
    with pytest.raises(SystemError, match="another"):
        producer.confirm()


def write_and_confirm(producer: SoleProducer, topic: str, value: bytes) -> None:
    producer.write(topic, "c1", value, 1)
    producer.confirm()


@pytest.mark.stack
def test_who_comes_later_shuts_out_who_was_there(kafka_address: str, prefix: str) -> None:
    create_run_topics(kafka_address, prefix)
    topic, name = f"{prefix}card-profiles", f"{prefix}publisher"
    first, second = (SoleProducer(kafka_address, name, {}) for _ in range(2))
    first.open()
    first.write(topic, "c1", b"confirmed", 1)
    first.confirm()
    # Its session at the database ends here, and its records are still on their way.
    first.write(topic, "c1", b"older", 1)
    second.open()
    with pytest.raises(DeliveryError):
        first.confirm()
    second.write(topic, "c1", b"newer", 1)
    second.confirm()
    with pytest.raises(DeliveryError):
        write_and_confirm(first, topic, b"older still")
    assert committed(kafka_address, topic, 2) == [("c1", b"confirmed"), ("c1", b"newer")]
