"""Do several who publish at once leave on the topic what the ledger says last?

first  --- decides v1 --- is slow to publish --------- v1 on the topic
second ------------------ wants to publish v2 ......................... decides v2, publishes it
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from generator.kafka_client import KafkaRefused
from job.rules.parameters import DEFAULT_FILE, read_tables
from tests.in_a_thread import in_a_thread
from workbench import rule_source
from workbench.problems import RunBroken
from workbench.rule_drafts import Drafting, RuleDraft
from workbench.rule_ledger import RuleLedger
from workbench.rule_source import Published, RuleSource
from workbench.rule_topic import Answers, Place

DRAFTING = Drafting(read_tables(DEFAULT_FILE), "somebody")
#: How long a slow publisher gives the other one to get ahead of it, and longest wait for a thread.
HEAD_START_S = 0.5
WAIT_S = 30.0


class Kafka:
    """The topic, which may be slow with what it gets first, or away."""

    def __init__(self) -> None:
        self.topic: list[tuple[str, bytes]] = []
        self.begun, self.overtaken = threading.Event(), threading.Event()
        self.slow = self.away = False
        self.on_send: Callable[[], object] = lambda: None

    def __call__(self, *_about: str) -> Kafka:
        return self

    def send(self, records: Iterable[tuple[str, bytes]]) -> list[Place]:
        if self.away:
            raise KafkaRefused("nobody confirms it")
        self.on_send()
        if self.slow and not self.begun.is_set():
            self.begun.set()
            self.overtaken.wait(HEAD_START_S)
        added = list(records)
        self.topic += added
        self.overtaken.set()
        return [(0, len(self.topic) - 1) for _ in added]

    def newest(self, *_about: str) -> dict[str, bytes]:
        return {key: value for key, value in dict(self.topic).items() if value}


@pytest.fixture
def kafka(monkeypatch: pytest.MonkeyPatch) -> Kafka:
    kafka = Kafka()
    monkeypatch.setattr(rule_source, "RuleWriter", kafka)
    monkeypatch.setattr(rule_source, "read_topic", kafka.newest)
    return kafka


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch, make_ledger: Callable[[], RuleLedger]) -> RuleSource:
    """On the ledger, which each who publishes opens for himself."""
    monkeypatch.setattr(RuleSource, "ledger", lambda _source: make_ledger())
    return RuleSource("nowhere", "", Path("unused"), None, DEFAULT_FILE)


def publish(source: RuleSource, swipes: int, wait_s: float = 0) -> list[Published]:
    draft = RuleDraft("velocity", {"swipes": swipes})
    return source.change(lambda entries: DRAFTING.decide(entries, [draft]), wait_s)


def values(source: RuleSource) -> list[tuple[str, bytes]]:
    return [(entry.key, entry.value) for entry in source.ledger().entries()]


def test_the_topic_gets_changes_in_the_order_of_the_ledger(
    source: RuleSource, kafka: Kafka
) -> None:
    kafka.slow = True
    with in_a_thread(lambda _: publish(source, 8)):
        assert kafka.begun.wait(WAIT_S)
        publish(source, 9)
    assert [entry.version for entry in source.ledger().entries()] == [1, 2]
    assert kafka.topic == values(source)


def test_what_is_made_up_for_is_not_put_behind_a_newer_change(
    source: RuleSource, kafka: Kafka
) -> None:
    kafka.away = True
    with pytest.raises(RunBroken):
        publish(source, 8)
    kafka.away, kafka.slow = False, True
    with in_a_thread(lambda _: source.sync(0)):
        assert kafka.begun.wait(WAIT_S)
        publish(source, 9)
    assert kafka.topic == values(source)


def test_what_could_not_be_published_is_told_and_made_up_for(
    source: RuleSource, kafka: Kafka
) -> None:
    kafka.away = True
    with pytest.raises(RunBroken, match="written down, but not published: nobody confirms it; "):
        publish(source, 8)
    (written,) = source.ledger().entries()
    kafka.away = False
    (published,) = source.sync(0)
    assert published.entry == written
    assert kafka.topic == [(written.key, written.value)]
    assert source.sync(0) == []


def test_what_is_published_is_written_down_for_good_and_can_be_read(
    source: RuleSource, kafka: Kafka
) -> None:
    read: list[int] = []
    kafka.on_send = lambda: read.append(len(source.ledger().entries()))
    publish(source, 8)
    publish(source, 9)
    assert read == [1, 2]


def test_nobody_waits_while_another_waits_for_the_job(
    source: RuleSource, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking, answered = threading.Event(), threading.Event()

    class SlowJob:
        def __init__(self, *_about: str) -> None: ...

        def __enter__(self) -> SlowJob:
            return self

        def __exit__(self, *_error: object) -> None: ...

        def wait(self, _places: Sequence[Place], timeout_s: float) -> Answers:
            asking.set()
            assert answered.wait(timeout_s)
            return Answers()

    monkeypatch.setattr(rule_source, "AnswerWatch", SlowJob)
    with in_a_thread(lambda _: publish(source, 8, WAIT_S)):
        assert asking.wait(WAIT_S)
        publish(source, 9)
        answered.set()
    assert kafka.topic == values(source)
