"""Is every breach of the contract found, counted and shown with its place?"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from confluent_kafka import Producer

from evaluation.contract_check import Checker, check_topic, topic_kind
from generator.topics import create_topics
from job.contracts import ClockRecord
from tests.evaluation.conftest import card_alert, swipe_of

encode = msgspec.json.encode


def record(index: int, **changes: Any) -> bytes:
    return encode(msgspec.to_builtins(swipe_of(index)) | changes)


def look(checker: Checker, index: int, value: bytes | None, **wrong: Any) -> None:
    swipe = swipe_of(index)
    key = wrong.get("key", swipe.card_token.encode())
    checker.look(0, index, key, value, wrong.get("time_ms", swipe.event_time_ms))


def found(checker: Checker) -> dict[str, str]:
    return {breach.field: breach.expected for breach in checker.breaches.values()}


def test_what_keeps_the_contract_is_counted_as_kept():
    checker = Checker("swipes")
    for index in range(3):
        look(checker, index, record(index))
    clock = encode(ClockRecord(clock_time_ms=5))
    checker.look(0, 3, b"clock", clock, 5)
    assert (checker.records, checker.kept, found(checker)) == (4, 4, {})


@pytest.mark.parametrize(
    ("value", "field", "expected"),
    [
        (record(0, amount_minor="12"), "amount_minor", "`int`"),
        (record(0, currency="EURO"), "currency", "`str` of length <= 3"),
        (record(0, entry_mode="swiped"), "entry_mode", "Invalid enum value 'swiped'"),
        (record(0, latitude=91.0), "latitude", "`float` <= 90.0"),
        (record(0, v=2), "v", "`int` <= 1"),
        (b"{", "record", "a JSON object"),
        (b"[1]", "record", "`object`"),
        (b"", "record", "a JSON object, not an empty record"),
        (None, "record", "a JSON object, not an empty record"),
        (b'{"swipe_id": "\xff"}', "record", "UTF-8"),
    ],
)
def test_the_field_and_what_was_expected_are_named(value, field, expected):
    checker = Checker("swipes")
    look(checker, 0, value)
    assert found(checker) == {field: expected}
    assert checker.kept == 0


def test_a_missing_field_is_named():
    swipe = msgspec.to_builtins(swipe_of(0))
    del swipe["mcc"]
    checker = Checker("swipes")
    look(checker, 0, encode(swipe))
    assert found(checker) == {"mcc": "to be there: it is required"}


def test_key_and_timestamp_must_be_those_of_the_swipe():
    checker = Checker("swipes")
    look(checker, 0, record(0), key=b"other", time_ms=1)
    assert set(found(checker)) == {"key", "timestamp"}


def test_an_id_that_stands_twice_is_a_breach():
    checker = Checker("swipes")
    look(checker, 0, record(0))
    look(checker, 0, record(0))
    assert found(checker) == {"swipe_id": "an id that no other swipe has"}
    assert checker.kept == 1


def test_two_decisions_on_one_record_and_two_alerts_of_one_cause_are_breaches():
    decision = {
        "v": 1,
        "swipe_id": "s0",
        "card_token": "card0",
        "event_time_ms": 1,
        "fate": "judged",
        "score": 0.0,
        "action": "clear",
        "partition": 0,
        "offset": 7,
    }
    checker = Checker("decisions")
    for _ in range(2):
        checker.look(0, 0, b"card0", encode(decision), 1)
    assert set(found(checker)) == {"partition, offset"}
    alerts = Checker("alerts")
    for _ in range(2):
        alerts.look(0, 0, b"card0", encode(card_alert(swipe_of(0))), 1)
    assert set(found(alerts)) == {"alert_id"}


def test_breaches_of_one_kind_are_counted_together_and_three_are_shown():
    checker = Checker("swipes")
    for index in range(5):
        look(checker, index, record(index, amount_minor=f"{index}"))
    (breach,) = checker.breaches.values()
    assert breach.count == 5
    assert [example.offset for example in breach.examples] == [0, 1, 2]


def test_a_topic_is_known_by_the_end_of_its_name():
    assert topic_kind("a.b.late-swipes") == "late-swipes"
    with pytest.raises(ValueError, match="give --as with one of swipes"):
        topic_kind("payments")
    with pytest.raises(ValueError, match="names no contract"):
        topic_kind("a.swipes", exactly=True)


@pytest.mark.stack
def test_a_topic_is_read_whole_or_up_to_a_limit(kafka_address, prefix):
    topic = f"{prefix}swipes"
    create_topics(kafka_address, {topic: 2})
    empty = check_topic(kafka_address, topic, "swipes")
    assert (empty.records, empty.exit_code) == (0, 3)
    producer = Producer({"bootstrap.servers": kafka_address})
    for index in range(10):
        swipe = swipe_of(index)
        value = b"{}" if index == 7 else record(index)
        producer.produce(topic, value, swipe.card_token, index % 2, timestamp=swipe.event_time_ms)
    assert producer.flush(10) == 0
    check = check_topic(kafka_address, topic, "swipes")
    assert (check.records, check.kept, check.left, check.exit_code) == (10, 9, 0, 1)
    (breach,) = check.breaches
    (example,) = breach.examples
    assert (example.partition, example.offset, example.text) == (1, 3, "{}")
    some = check_topic(kafka_address, topic, "swipes", limit=4)
    assert (some.records, some.left) == (4, 6)
