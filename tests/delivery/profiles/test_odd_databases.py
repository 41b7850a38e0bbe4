"""Is a change lost, or does the publisher die, where the database is not as one would wish it?

PostgreSQL is real. What is published stays in memory: Kafka has no say in any of this.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from delivery.problems import DeliveryError
from delivery.profiles.changes import Place, reserve
from delivery.profiles.database import Connection, connect
from delivery.profiles.publisher import PublishCounts, PublishOrder, publish_into
from delivery.stopping import Stopping
from tests.delivery.profiles.sample import fill, filled, wait_for
from tests.in_a_thread import in_a_thread

pytestmark = pytest.mark.stack

PLACE = Place("a-cluster", "card-profiles")
#: Far above the number of any transaction of a database that was made for a test.
ELSEWHERE = "999999999"


class Kept:
    """Takes what is published and keeps the newest of each card, as the topic would."""

    def __init__(self) -> None:
        self.opened = 0
        self.newest: dict[str, bytes | None] = {}
        self._handed: list[tuple[str, bytes | None]] = []

    def open(self) -> None:
        self.opened += 1

    def write(self, topic: str, key: str, value: bytes | None, record_time_ms: int) -> None:
        assert topic == PLACE.topic
        assert record_time_ms >= 0
        self._handed.append((key, value))

    def confirm(self) -> None:
        self.newest.update(self._handed)
        self._handed.clear()


@pytest.fixture
def table(url: str) -> Iterator[Connection]:
    """A connection to it, with five cards in the table."""
    with filled(url, 5) as connection:
        yield connection


@pytest.fixture
def order(url: str) -> PublishOrder:
    return PublishOrder(database=url, bootstrap="", once=True, give_up_s=60.0)


def publish(order: PublishOrder, kept: Kept) -> PublishCounts:
    return publish_into(kept, PLACE, order, Stopping(), lambda _counts: None)


def test_a_publisher_that_is_one_too_many_shuts_nobody_out(
    table: Connection, order: PublishOrder
) -> None:
    assert reserve(table, PLACE)
    kept = Kept()
    with pytest.raises(DeliveryError, match="another publisher"):
        publish(order, kept)
    assert kept.opened == 0
    table.execute("SELECT pg_advisory_unlock_all()")
    publish(order, kept)
    assert kept.opened == 1


@pytest.mark.parametrize(
    "moment", ["infinity", "-infinity", "0044-03-15 00:00Z BC", "1969-12-31Z", "20000-01-01Z"]
)
def test_a_time_that_the_contract_does_not_know_is_left_out_and_named(
    table: Connection, order: PublishOrder, moment: str
) -> None:
    table.execute("UPDATE card_profiles SET updated_at = %s WHERE card_token = 'c3'", (moment,))
    kept = Kept()
    counts = publish(order, kept)
    assert (counts.published, counts.refused) == (4, 1)
    assert counts.first_refused.startswith("c3: ")
    assert "updated_ms" in counts.first_refused
    assert set(kept.newest) == {"c0", "c1", "c2", "c4"}


@pytest.mark.parametrize("recent", ["[1e400]", f"[{'9' * 5_000}]", '["c3"]'])
def test_swipes_that_are_none_are_left_out_and_named(
    table: Connection, order: PublishOrder, recent: str
) -> None:
    table.execute("UPDATE card_profiles SET recent = %s::jsonb WHERE card_token = 'c3'", (recent,))
    counts = publish(order, Kept())
    assert (counts.published, counts.refused) == (4, 1)
    assert counts.first_refused.startswith("c3: ")
    assert "recent" in counts.first_refused


def test_a_time_is_published_to_the_millisecond(table: Connection, order: PublishOrder) -> None:
    moment = "2026-11-24 12:00:00.123456Z"
    table.execute("UPDATE card_profiles SET updated_at = %s WHERE card_token = 'c3'", (moment,))
    kept = Kept()
    publish(order, kept)
    assert b'"updated_ms":1795521600123,' in (kept.newest["c3"] or b"")


def test_tables_that_are_something_else_end_it_with_one_line(
    table: Connection, order: PublishOrder
) -> None:
    table.execute("ALTER TABLE card_profiles DROP COLUMN home_country")
    with pytest.raises(DeliveryError, match="home_country") as told:
        publish(order, Kept())
    assert "\n" not in str(told.value)


def test_a_database_that_can_only_be_read_is_waited_for(
    table: Connection, order: PublishOrder
) -> None:
    (name,) = table.execute("SELECT quote_ident(current_database())").fetchone() or ("",)
    table.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    said: list[str] = []
    kept = Kept()
    endless = replace(order, once=False)

    def run(stopping: Stopping) -> None:
        publish_into(kept, PLACE, endless, stopping, lambda counts: said.append(counts.waiting_for))

    with in_a_thread(run):
        wait_for(lambda: sum("takes no writes" in each for each in said) >= 2)
        assert kept.newest == {}
        table.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        wait_for(lambda: len(kept.newest) == 5)


def test_a_place_that_cannot_be_noted_is_waited_for_no_longer_than_asked(
    table: Connection, order: PublishOrder
) -> None:
    """A server that becomes a standby gives what is read before that, and takes nothing."""
    table.execute(
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE 'cannot execute INSERT in a read-only transaction' USING ERRCODE = '25006';
        END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON card_profile_publications
            FOR EACH ROW EXECUTE FUNCTION refuse();
        """
    )
    with pytest.raises(DeliveryError, match="read-only"):
        publish(replace(order, give_up_s=0.5), Kept())


def restore_elsewhere(connection: Connection) -> None:
    """What a dump brings into a cluster that has not had as many transactions."""
    for each in ("card_profile_changes", "card_profile_publications"):
        connection.execute(f"UPDATE {each} SET changed_in = '{ELSEWHERE}'")


@pytest.mark.parametrize("bears", ["card_profile_changes", "card_profile_publications"])
def test_numbers_of_another_cluster_end_it_with_what_to_do(
    table: Connection, order: PublishOrder, bears: str
) -> None:
    publish(order, Kept())
    table.execute(f"UPDATE {bears} SET changed_in = '{ELSEWHERE}'")
    table.execute("UPDATE card_profiles SET home_country = 'ES' WHERE card_token = 'c1'")
    kept = Kept()
    with pytest.raises(DeliveryError, match="--from-start") as told:
        publish(order, kept)
    assert "\n" not in str(told.value)
    assert kept.newest == {}


def test_another_topic_s_place_does_not_matter(table: Connection, order: PublishOrder) -> None:
    publish(order, Kept())
    restored = "UPDATE card_profile_publications SET topic = 'other', changed_in = %s::xid8"
    table.execute(restored, (ELSEWHERE,))
    assert publish(order, Kept()).published == 5


def test_after_a_restore_every_card_and_deletion_is_published_from_the_start(
    table: Connection, order: PublishOrder
) -> None:
    publish(order, Kept())
    table.execute("DELETE FROM card_profiles WHERE card_token = 'c0'")
    restore_elsewhere(table)
    table.execute("UPDATE card_profiles SET home_country = 'ES' WHERE card_token = 'c1'")
    kept = Kept()
    counts = publish(replace(order, from_start=True), kept)
    assert (counts.published, counts.tombstones) == (4, 1)
    assert set(kept.newest) == {f"c{number}" for number in range(5)}
    # From here on it goes as it ever did.
    table.execute("UPDATE card_profiles SET home_country = 'PT' WHERE card_token = 'c2'")
    assert publish(order, kept).published == 1
    newest = kept.newest["c2"]
    assert newest is not None
    assert b'"PT"' in newest


def test_from_the_start_waits_for_nobody_where_the_numbers_are_its_own(
    table: Connection, url: str, order: PublishOrder
) -> None:
    publish(order, Kept())
    with connect(url) as slow, slow.transaction():
        slow.execute("UPDATE card_profiles SET home_country = 'IT' WHERE card_token = 'c1'")
        assert publish(replace(order, from_start=True), Kept()).published == 5


def test_cards_that_were_there_before_the_triggers_are_published(
    table: Connection, order: PublishOrder
) -> None:
    table.execute("DROP FUNCTION note_card_profile_changes CASCADE")
    table.execute("TRUNCATE card_profile_changes")
    assert publish(order, Kept()).published == 5


def test_cards_that_nobody_noted_are_published_from_the_start(
    table: Connection, order: PublishOrder
) -> None:
    publish(order, Kept())
    table.execute("ALTER TABLE card_profiles DISABLE TRIGGER USER")
    fill(table, range(5, 7))
    table.execute("ALTER TABLE card_profiles ENABLE TRIGGER USER")
    assert publish(order, Kept()).published == 0
    assert publish(replace(order, from_start=True), Kept()).published == 7
