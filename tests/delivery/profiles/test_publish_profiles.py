"""Do the job's card profiles follow a real PostgreSQL, whatever commits, dies or is deleted?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import msgspec
import psycopg
import pytest
from confluent_kafka import Consumer, KafkaError, TopicPartition

from delivery.problems import DeliveryError
from delivery.profiles.database import Connection, connect, ensure_tables
from delivery.profiles.publisher import PublishCounts, PublishOrder, publish_profiles
from delivery.profiles.rows import import_profiles
from delivery.stopping import Stopping
from generator.topics import create_run_topics
from job.contracts import CardProfile, Topics
from job.engine.card_engine import CardEngine, Source
from job.engine.card_state import CardState
from job.engine.settings import EngineSettings
from job.rules.parameters import load_rules
from stack import postgres
from stack.process import start, stop
from stack.settings import StackSettings
from tests.delivery.profiles.sample import fill, filled, profile, wait_for
from tests.in_a_thread import in_a_thread

pytestmark = pytest.mark.stack


@pytest.fixture
def table(url: str) -> Iterator[Connection]:
    """A connection to it, with fifty cards in the table."""
    with filled(url, 50) as connection:
        yield connection


@pytest.fixture
def order(kafka_address: str, prefix: str, url: str) -> PublishOrder:
    create_run_topics(kafka_address, prefix)
    return PublishOrder(database=url, bootstrap=kafka_address, prefix=prefix, once=True)


def publish(order: PublishOrder) -> PublishCounts:
    return publish_profiles(order, Stopping(), lambda _counts: None)


@contextmanager
def publishing(order: PublishOrder) -> Iterator[None]:
    """A publisher that runs until it is told to stop."""
    endless = replace(order, once=False)
    with in_a_thread(lambda stopping: publish_profiles(endless, stopping, lambda _counts: None)):
        yield


def topic_state(order: PublishOrder) -> dict[str, bytes | None]:
    """The newest record of each key, as the job would end up with; None for a tombstone."""
    topic = Topics.with_prefix(order.prefix).card_profiles
    consumer = Consumer(
        {"bootstrap.servers": order.bootstrap, "group.id": "test", "enable.partition.eof": True}
    )
    consumer.assign([TopicPartition(topic, number, 0) for number in range(4)])
    state: dict[str, bytes | None] = {}
    at_end, deadline_s = 0, time.monotonic() + 60
    while at_end < 4:
        assert time.monotonic() < deadline_s
        for message in consumer.consume(1_000, 0.2):
            if message.error() is None:
                state[message.key().decode()] = message.value()
            elif message.error().code() == KafkaError._PARTITION_EOF:
                at_end += 1
    consumer.close()
    return state


def decoded(order: PublishOrder) -> dict[str, CardProfile]:
    return {
        token: msgspec.json.decode(value, type=CardProfile)
        for token, value in topic_state(order).items()
        if value is not None
    }


def test_what_was_imported_is_published_as_it_was(table: Connection, order: PublishOrder) -> None:
    counts = publish(order)
    assert (counts.published, counts.tombstones, counts.refused) == (50, 0, 0)
    assert decoded(order) == {f"c{number}": profile(number) for number in range(50)}


def test_a_change_a_new_card_and_a_deletion_arrive_while_it_runs(
    table: Connection, order: PublishOrder
) -> None:
    with publishing(order):
        wait_for(lambda: len(decoded(order)) == 50)
        table.execute("UPDATE card_profiles SET home_country = 'ES' WHERE card_token = 'c7'")
        fill(table, range(50, 51))
        table.execute("DELETE FROM card_profiles WHERE card_token = 'c8'")
        wait_for(lambda: topic_state(order)["c8"] is None)
    found = decoded(order)
    assert found["c7"].home_country == "ES"
    assert found["c50"] == profile(50)
    assert set(found) == {f"c{number}" for number in range(51)} - {"c8"}


def test_a_card_that_gets_another_token_leaves_its_old_one(
    table: Connection, order: PublishOrder
) -> None:
    publish(order)
    table.execute("UPDATE card_profiles SET card_token = 'c7-new', recent = '[]'"
                  " WHERE card_token = 'c7'")  # fmt: skip
    counts = publish(order)
    assert (counts.published, counts.tombstones) == (1, 1)
    assert topic_state(order)["c7"] is None
    assert decoded(order)["c7-new"].home_latitude == profile(7).home_latitude


def test_an_emptied_table_leaves_only_tombstones(table: Connection, order: PublishOrder) -> None:
    publish(order)
    table.execute("TRUNCATE card_profiles")
    assert publish(order).tombstones == 50
    assert set(topic_state(order).values()) == {None}


def test_it_goes_on_where_it_stopped_or_from_the_start_when_told(
    table: Connection, order: PublishOrder
) -> None:
    assert publish(order).published == 50
    assert publish(order).published == 0
    assert publish(replace(order, from_start=True)).published == 50
    assert publish(order).published == 0


def test_another_topic_is_published_from_the_start(
    table: Connection, order: PublishOrder, kafka_address: str
) -> None:
    publish(order)
    create_run_topics(kafka_address, f"other-{order.prefix}")
    assert publish(replace(order, prefix=f"other-{order.prefix}")).published == 50


def test_a_transaction_that_commits_late_is_not_passed_over(
    table: Connection, url: str, order: PublishOrder
) -> None:
    publish(order)
    with connect(url) as slow:
        with slow.transaction():
            slow.execute("UPDATE card_profiles SET home_country = 'IT' WHERE card_token = 'c1'")
            # Begun later, committed earlier.
            table.execute("UPDATE card_profiles SET home_country = 'PT' WHERE card_token = 'c2'")
            publish(order)
        publish(order)
    found = decoded(order)
    assert (found["c1"].home_country, found["c2"].home_country) == ("IT", "PT")


def test_a_clock_that_was_set_back_hides_nothing(table: Connection, order: PublishOrder) -> None:
    publish(order)
    table.execute(
        "UPDATE card_profiles SET home_country = 'PL', updated_at = '2001-01-01Z'"
        " WHERE card_token IN ('c3', 'c4')"
    )
    assert publish(order).published == 2
    assert decoded(order)["c4"].home_country == "PL"


def test_a_row_that_keeps_no_contract_is_left_out_and_named(
    table: Connection, order: PublishOrder
) -> None:
    table.execute("UPDATE card_profiles SET usual_countries = '{FRANCE}' WHERE card_token = 'c9'")
    counts = publish(order)
    assert (counts.published, counts.refused) == (49, 1)
    assert counts.first_refused.startswith("c9: ")
    assert "usual_countries" in counts.first_refused


def test_a_second_publisher_of_the_same_topic_is_refused(
    table: Connection, order: PublishOrder
) -> None:
    with publishing(order):
        wait_for(lambda: len(decoded(order)) == 50)
        with pytest.raises(DeliveryError, match="another publisher"):
            publish(order)


def test_a_database_that_was_restarted_is_followed_again(
    table: Connection, order: PublishOrder, database: StackSettings, url: str
) -> None:
    service = postgres.service(database)
    with publishing(order):
        wait_for(lambda: len(decoded(order)) == 50)
        stop(service.pid_file, database.stop_grace_s)
        start(service)
        wait_for(postgres.probe(database))
        with connect(url) as again:
            again.execute("UPDATE card_profiles SET home_country = 'NL' WHERE card_token = 'c6'")
        wait_for(lambda: decoded(order)["c6"].home_country == "NL")


def test_a_table_that_somebody_holds_is_waited_for_aloud_and_then_published(
    table: Connection, order: PublishOrder
) -> None:
    said: list[str] = []

    def listen(counts: PublishCounts) -> None:
        said.append(counts.waiting_for)

    impatient = replace(order, once=False, lock_timeout_s=1)
    with psycopg.connect(order.database) as holder:
        holder.execute("LOCK TABLE card_profiles IN ACCESS EXCLUSIVE MODE")
        with in_a_thread(lambda stopping: publish_profiles(impatient, stopping, listen)):
            wait_for(lambda: sum("lock timeout" in each for each in said) >= 2)
            assert topic_state(order) == {}
            holder.rollback()
            wait_for(lambda: len(topic_state(order)) == 50)


def test_a_database_that_is_not_there_is_given_up_in_time(order: PublishOrder) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:9/none"
    with pytest.raises(DeliveryError, match="has not answered"):
        publish(replace(order, database=nowhere, give_up_s=0.3))


def test_a_broken_value_imports_nothing(url: str) -> None:
    with connect(url) as connection:
        ensure_tables(connection)
        with pytest.raises(DeliveryError, match="profile 2 is none"):
            import_profiles(connection, [msgspec.json.encode(profile(1)), b"{}"])
        found = connection.execute("SELECT count(*) FROM card_profiles").fetchone()
    assert found == (0,)


def test_the_job_takes_every_profile_and_a_deletion_leaves_the_state_of_its_card(
    table: Connection, order: PublishOrder
) -> None:
    publish(order)
    table.execute("DELETE FROM card_profiles WHERE card_token = 'c5'")
    cards: dict[str, CardState] = {}
    engine = CardEngine(load_rules(), EngineSettings(), Topics.with_prefix())
    source = Source("card-profiles", 0, 0)

    def take() -> None:
        for token, value in topic_state(order).items():
            card = cards.setdefault(token, CardState())
            assert engine.load_profile(value or b"", token, card, source, []) == []

    take()
    assert engine.counts["profile"] == 50
    publish(order)
    take()
    assert cards["c5"].home_country == "FR"
