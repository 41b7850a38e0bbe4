"""Does the running job survive whatever stands on its topics, and say of each record what it was?

Fuzzed records and good swipes go to the job together, on all partitions. Each fuzzed one must end
on ``dead-letters`` with its reason, each good one be judged, and the job must not restart once.
"""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from generator.bookends import open_producer
from generator.kafka_client import client_settings
from generator.topics import create_run_topics, delete_run_topics
from job.contracts import DeadLetter, Decision, Topics
from stack.local import LocalStack
from tests.job.fuzzed_records import LIMIT_MS, Fuzzed, fuzzed, good
from workbench.plan import JobPlan
from workbench.running_job import RunningJob
from workbench.submission import renew_taskmanagers, submitted

pytestmark = pytest.mark.stack

PARTITIONS: Final = 2
#: A good swipe after so many fuzzed records.
EVERY: Final = 10
#: Garbage on each of the job's other topics.
ELSEWHERE: Final = 200
#: Without an answer for so long, the job does not answer any more.
SILENT_S: Final = 60.0

Place = tuple[str, int, int]


class Answer(NamedTuple):
    """What the job wrote of one record."""

    fate: str
    payload_bytes: int | None = None


class Conversation:
    """Sends by hand, remembers where each record came to stand, and reads what is committed."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self.topics = Topics.with_prefix(prefix)
        # Compressed, a record may be far larger than a topic's limit.
        self._producer: Producer = open_producer(
            bootstrap, compression_type="gzip", message_max_bytes=16_000_000, linger_ms=20
        )
        self._consumer = Consumer(
            client_settings(
                bootstrap,
                group_id=f"{prefix}test",
                isolation_level="read_committed",
                enable_auto_commit=False,
            )
        )
        read = (self.topics.decisions, self.topics.late_swipes, self.topics.dead_letters)
        places = [
            TopicPartition(topic, number, 0) for topic in read for number in range(PARTITIONS)
        ]
        self._consumer.assign(places)
        self.sent: dict[Place, Fuzzed] = {}
        self.answers: dict[Place, list[Answer]] = defaultdict(list)

    def send(self, topic: str, record: Fuzzed, partition: int) -> None:
        def delivered(error: Any, message: Any) -> None:
            assert error is None, error
            self.sent[topic, partition, message.offset()] = record

        while True:
            try:
                self._producer.produce(
                    topic,
                    record.value,
                    record.key,
                    partition,
                    on_delivery=delivered,
                    timestamp=record.record_time_ms,
                )
            except BufferError:
                self._producer.poll(0.05)
                continue
            break
        self._producer.poll(0)

    def confirm(self) -> None:
        assert self._producer.flush(120) == 0

    def read_all(self) -> None:
        """Until each record has an answer, or none comes any more."""
        heard_s = time.monotonic()
        while self.sent.keys() - self.answers.keys() and time.monotonic() - heard_s < SILENT_S:
            for message in self._consumer.consume(5_000, 0.5):
                assert message.error() is None, message.error()
                self._take(message.topic(), message.value())
                heard_s = time.monotonic()

    def _take(self, topic: str, value: bytes) -> None:
        if topic == self.topics.dead_letters:
            letter = msgspec.json.decode(value, type=DeadLetter)
            place = letter.topic, letter.partition, letter.offset
            self.answers[place].append(Answer(letter.reason, letter.payload_bytes))
        elif topic == self.topics.decisions:
            decision = msgspec.json.decode(value, type=Decision)
            place = self.topics.swipes, decision.partition, decision.offset
            self.answers[place].append(Answer(decision.fate))

    def close(self) -> None:
        self._consumer.close()


class Outcome(NamedTuple):
    """What was said, and how often the job began anew."""

    said: Conversation
    restarts: int


@pytest.fixture(
    scope="module",
    params=[pytest.param(4_000, id="4k"), pytest.param(100_000, id="100k", marks=pytest.mark.slow)],
)
def outcome(request: pytest.FixtureRequest, stack_settings: Any) -> Iterator[Outcome]:
    """Everything sent, and answered or not."""
    prefix = f"fuzz{request.param}."
    stack, bootstrap = LocalStack(stack_settings), stack_settings.kafka_address
    plan = JobPlan(checkpoint_interval_ms=500)
    renew_taskmanagers(stack, plan)
    create_run_topics(bootstrap, prefix, partitions=PARTITIONS)
    said = Conversation(bootstrap, prefix)
    try:
        with submitted(RunningJob(stack, plan, prefix, LIMIT_MS)) as job_id:
            _say(said, request.param)
            said.read_all()
            yield Outcome(said, stack.rest.restarts(job_id))
    finally:
        said.close()
        delete_run_topics(bootstrap, prefix)


def _say(said: Conversation, count: int) -> None:
    swipes = said.topics.swipes
    for number, record in enumerate(fuzzed(seed=2, count=count)):
        said.send(swipes, record, number % PARTITIONS)
        if number % EVERY == 0:
            said.send(swipes, good(count + number), number // EVERY % PARTITIONS)
    rng = random.Random(5)
    for topic in _elsewhere(said.topics):
        for number in range(ELSEWHERE):
            # Each task hears all rules, so there they are no more for being spread.
            said.send(
                topic, _garbage(rng), number % PARTITIONS if topic != said.topics.rules else 0
            )
    said.confirm()


def _elsewhere(topics: Topics) -> tuple[str, ...]:
    """What else the job reads."""
    return topics.card_profiles, topics.fraud_reports, topics.rules


def _garbage(rng: random.Random) -> Fuzzed:
    """Of no contract at all; a record without a value would say to forget a card."""
    start = rng.choice([b"{", b"[" * 3_000, b'{"v": 1, "card_token": "', b"\xff", b"null", b"{}"])
    value = start + rng.choice([b"", b"}", rng.randbytes(20) + b"\xff"])
    return Fuzzed("garbage", b"card-1", value, 1_700_000_000_000, "any")


def test_the_job_did_not_restart_once(outcome: Outcome) -> None:
    assert outcome.restarts == 0


def test_each_record_has_exactly_one_answer(outcome: Outcome) -> None:
    sent, answers = outcome.said.sent, outcome.said.answers
    assert {place: record.kind for place, record in sent.items() if place not in answers} == {}
    assert answers.keys() == sent.keys()
    assert {place for place, found in answers.items() if len(found) != 1} == set()


def test_each_dead_letter_has_its_reason_and_the_odd_but_right_ones_are_judged(
    outcome: Outcome,
) -> None:
    wrong = Counter(
        (record.kind, record.expected, answer.fate)
        for place, record in outcome.said.sent.items()
        for answer in outcome.said.answers[place]
        if record.expected not in ("any", answer.fate)
    )
    assert wrong == {}
    fates = {each.fate for found in outcome.said.answers.values() for each in found}
    # What the job could only say that it broke on is not a reason.
    assert "internal_error" not in fates


def test_the_good_swipes_beside_them_are_judged(outcome: Outcome) -> None:
    fates = [
        outcome.said.answers[place][0].fate
        for place, record in outcome.said.sent.items()
        if record.kind == "good"
    ]
    assert set(fates) == {"judged"}
    assert len(fates) > 300


def test_a_dead_letter_says_how_long_its_record_was(outcome: Outcome) -> None:
    for place, record in outcome.said.sent.items():
        (answer,) = outcome.said.answers[place]
        if answer.payload_bytes is not None:
            assert answer.payload_bytes == len(record.value or b""), record.kind


def test_garbage_on_the_other_topics_ends_as_dead_letters_too(outcome: Outcome) -> None:
    topics = outcome.said.topics
    found = Counter(
        topic
        for (topic, _, _), answers in outcome.said.answers.items()
        if topic != topics.swipes and answers[0].fate != "judged"
    )
    assert found == dict.fromkeys(_elsewhere(topics), ELSEWHERE)
