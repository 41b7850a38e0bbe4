"""Do the deliveries do their work on a Kafka that asks who they are, with their own rights alone?

Kafka is real, and so is PostgreSQL. Elasticsearch, which needs half a minute to start, is a
stand-in: what is asked here is what Kafka allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest
from confluent_kafka import Consumer, TopicPartition

from delivery.alerts.indexer import IndexCounts, IndexOrder, index_alerts
from delivery.alerts.intake import Intake
from delivery.kafka import ConfirmedProducer
from delivery.problems import DeliveryError
from delivery.profiles.publisher import PublishCounts, PublishOrder, publish_profiles
from delivery.stopping import Stopping
from evaluation.view_reader import open_consumer
from generator.bookends import open_producer
from generator.committed_offsets import CommittedOffsets
from generator.kafka_client import require_broker
from job.contracts import CardProfile, RefusedAlert, Topics
from stack.settings import StackSettings
from tests.delivery.alerts.sample import encoded
from tests.delivery.alerts.stand_in import Index
from tests.delivery.profiles.sample import filled, profile
from tests.secured_broker import secured_broker
from workbench.kafka_rights import INDEX_GROUP
from workbench.kafka_user import kafka_user

pytestmark = pytest.mark.stack

PREFIX: Final = "run-9."
TOPICS: Final = Topics.with_prefix(PREFIX)
WAIT_S: Final = 20.0


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackSettings]:
    with secured_broker(tmp_path_factory.mktemp("secured"), PREFIX) as settings:
        yield settings


def index_as(user: str, broker: StackSettings, index: Index, **order: Any) -> IndexCounts:
    """What `paystream index-alerts --once` does, as a user, in the group that it has by default."""
    given = {"index": "paystream-alerts", "prefix": PREFIX, "once": True, "give_up_s": WAIT_S}
    asked = IndexOrder(bootstrap=broker.kafka_address, **(given | order))
    with kafka_user(broker, user):
        return index_alerts(asked, index, Stopping(), lambda _counts: None)  # type: ignore[arg-type]


def send_as_the_job(broker: StackSettings, values: list[bytes]) -> None:
    """Alerts in one transaction, as the job writes them, with its rights."""
    with kafka_user(broker, "job"):
        producer = open_producer(broker.kafka_address, transactional_id=f"{PREFIX}job-outgoing-0")
    producer.init_transactions(WAIT_S)
    producer.begin_transaction()
    for value in values:
        producer.produce(TOPICS.alerts, value, b"c1")
    assert producer.flush(WAIT_S) == 0
    producer.commit_transaction(WAIT_S)


def records(broker: StackSettings, topic: str) -> dict[str, bytes]:
    """What stands on a topic, by key, for the administrator."""
    with kafka_user(broker):
        consumer: Consumer = open_consumer(broker.kafka_address, "committed")
    consumer.assign([TopicPartition(topic, 0, 0)])
    found: dict[str, bytes] = {}
    try:
        while (message := consumer.poll(WAIT_S)) is not None and message.error() is None:
            found[message.key().decode()] = message.value()
    finally:
        consumer.close()
    return found


def test_the_indexer_reads_notes_its_place_and_writes_dead_letters(broker: StackSettings) -> None:
    with kafka_user(broker):
        known = require_broker(broker.kafka_address).list_topics(timeout=WAIT_S).topics
    assert TOPICS.alerts_dead_letters not in known, "the indexer shall make it"
    send_as_the_job(broker, [*encoded(0, 5), b'{"not": "an alert"}', *encoded(5, 5)])
    index = Index()
    counts = index_as("delivery", broker, index)
    assert (counts.read, counts.indexed, counts.refused) == (11, 10, 1)
    assert len(index.documents) == 10
    (letter,) = records(broker, TOPICS.alerts_dead_letters).values()
    refused = msgspec.json.decode(letter, type=RefusedAlert)
    assert (refused.topic, refused.offset, refused.reason) == (TOPICS.alerts, 5, "contract")
    with kafka_user(broker):
        group = CommittedOffsets(broker.kafka_address, INDEX_GROUP)
        assert group.read([(TOPICS.alerts, 0)], WAIT_S) == {(TOPICS.alerts, 0): 11}
    # It goes on there: the place was noted under the group's name, with the group's right.
    send_as_the_job(broker, encoded(10, 3))
    again = index_as("delivery", broker, index)
    assert (again.read, again.indexed, again.repeats) == (3, 3, 0)


def test_the_indexer_has_no_other_group(broker: StackSettings) -> None:
    with kafka_user(broker, "delivery"):
        intake = Intake(broker.kafka_address, "another", TOPICS.alerts, {})
    try:
        with pytest.raises(DeliveryError, match=f"^{TOPICS.alerts} .*roup authorization failed"):
            _ = [intake.take(1) for _ in range(40)]  # half a second each
    finally:
        intake.close()


def test_nobody_else_indexes(broker: StackSettings) -> None:
    with pytest.raises(DeliveryError, match="no topic"):
        index_as("generator", broker, Index())


@pytest.mark.parametrize("topic", [TOPICS.alerts, TOPICS.decisions, TOPICS.swipes])
def test_deliveries_write_nothing_that_is_the_job_s_or_the_sender_s(
    broker: StackSettings, topic: str
) -> None:
    with kafka_user(broker, "delivery"):
        producer = ConfirmedProducer(broker.kafka_address, {})
    producer.write(topic, "c1", encoded(0, 1)[0], 1)
    with pytest.raises(DeliveryError, match="Topic authorization failed"):
        producer.confirm()


def publish_as(user: str, broker: StackSettings, url: str) -> PublishCounts:
    """What `paystream publish-profiles --once` does, as a user."""
    order = PublishOrder(database=url, bootstrap=broker.kafka_address, prefix=PREFIX, once=True)
    with kafka_user(broker, user):
        return publish_profiles(order, Stopping(), lambda _counts: None)


@pytest.fixture
def three_cards(url: str) -> str:
    """A database with three cards."""
    with filled(url, 3):
        return url


def test_the_publisher_writes_card_profiles(broker: StackSettings, three_cards: str) -> None:
    counts = publish_as("delivery", broker, three_cards)
    assert (counts.published, counts.refused) == (3, 0)
    found = {
        token: msgspec.json.decode(value, type=CardProfile)
        for token, value in records(broker, TOPICS.card_profiles).items()
    }
    assert found == {f"c{number}": profile(number) for number in range(3)}


def test_who_has_no_right_on_card_profiles_notes_nothing_as_published(
    broker: StackSettings, three_cards: str
) -> None:
    with pytest.raises(DeliveryError, match="Transactional Id authorization failed"):
        publish_as("job", broker, three_cards)
    assert publish_as("delivery", broker, three_cards).published == 3
