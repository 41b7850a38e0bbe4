"""How do the job's cards follow the database, without a change lost or an older one winning?

Changes are read in order, written to the compacted topic, confirmed by Kafka, and only then noted
as published. What dies in between publishes again what it did last: the newest state of a card.
Two publishers of one topic are kept apart by a lock in the database. A session can end while its
records are still on their way, so the next one shuts the one before out at Kafka, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import msgspec
import psycopg

from delivery.back_off import BackOff
from delivery.kafka import Settings, SoleProducer, ensure_topic, reach
from delivery.problems import DeliveryError
from delivery.profiles.changes import (
    Change,
    Cursor,
    Place,
    begin_anew,
    comes_from_elsewhere,
    note_cursor,
    read_changes,
    read_cursor,
    reserve,
)
from delivery.profiles.database import (
    LOCK_TIMEOUT_S,
    Connection,
    connect,
    ensure_tables,
    line_of,
    require_writable,
    stay,
)
from delivery.profiles.rows import profile_of
from delivery.stopping import Stopping
from delivery.watched import Turn
from job.contracts import Topics

#: Changes that are read and written at a time.
BATCH: Final = 2_000
#: Longest wait until one looks again; a change wakes at once unless its notice is lost.
_LOOK_S: Final = 1.0
#: How often a wait looks whether it is to end, in seconds.
_WAKE_S: Final = 0.2
#: What names of its transactions end with, after the prefix of the topics.
TRANSACTIONS: Final = "paystream-publish-profiles"
#: A deletion has no event time, and must push nobody's watermark.
_TOMBSTONE_TIME_MS: Final = 0


@dataclass(frozen=True, kw_only=True)
class PublishOrder:
    """What is to be published, and where to.

    Attributes
    ----------
    database
        Address, ``postgresql://…``.
    bootstrap, kafka_settings
        Kafka's address, and any librdkafka setting.
    prefix
        Of the topics.
    once
        End where all was published, instead of waiting for changes.
    from_start
        Publish every card again.
    give_up_s
        Longest wait for a database that does not answer; None for ever.
    lock_timeout_s
        Longest wait for a lock before one says that it is waited for.
    """

    database: str
    bootstrap: str
    prefix: str = ""
    once: bool = False
    from_start: bool = False
    give_up_s: float | None = None
    lock_timeout_s: int = LOCK_TIMEOUT_S
    kafka_settings: Settings = field(default_factory=dict)


@dataclass
class PublishCounts:
    """What was done so far.

    Attributes
    ----------
    published, tombstones
        Profiles, and deletions, that Kafka has confirmed.
    refused
        Rows that do not keep the contract, and were left out.
    first_refused, last_refused
        The first and the newest of them, with the reason.
    waits
        How often the database had to be asked again.
    waiting_for
        What it last said, while it is waited for.
    """

    published: int = 0
    tombstones: int = 0
    refused: int = 0
    first_refused: str = ""
    last_refused: str = ""
    waits: int = 0
    waiting_for: str = ""
    seconds: float = 0.0

    def line(self) -> str:
        """The figures in one line.

        Examples
        --------
        >>> PublishCounts(published=2, tombstones=1, seconds=2.0).line()
        'published 2 profiles, 1 deletions; left out 0 rows; asked again 0 times, 2.0 s'
        """
        return (
            f"published {self.published:,} profiles, {self.tombstones:,} deletions; "
            f"left out {self.refused:,} rows; asked again {self.waits} times, {self.seconds:.1f} s"
        )

    def turn(self) -> Turn:
        """The figures for those who watch it."""
        outcomes = {
            "published": self.published,
            "deleted": self.tombstones,
            "left_out": self.refused,
        }
        return Turn(outcomes, bool(self.waiting_for))


Progress = Callable[[PublishCounts], None]


class Records(Protocol):
    """Where profiles go."""

    def open(self) -> None:
        """Be the only one who writes there."""

    def write(self, topic: str, key: str, value: bytes | None, record_time_ms: int) -> None:
        """Hand one record over; None is the tombstone of its key."""

    def confirm(self) -> None:
        """Wait until all that was handed over stands there."""


def publish_profiles(
    order: PublishOrder, stopping: Stopping, on_progress: Progress
) -> PublishCounts:
    """Publish until told to stop, or with ``once`` until all changes are published.

    Parameters
    ----------
    order
        What, and where to.
    stopping
        Tells it to end, after the changes in hand.
    on_progress
        Called after each batch, at each look for changes, and before each wait.

    Raises
    ------
    DeliveryError
        When waiting does not help.
    """
    topic = Topics.with_prefix(order.prefix).card_profiles
    admin, known = reach(order.bootstrap, order.kafka_settings)
    ensure_topic(admin, known, topic, compacted=True)
    place = Place(str(known.cluster_id), topic)
    name = f"{order.prefix}{TRANSACTIONS}"
    producer = SoleProducer(order.bootstrap, name, order.kafka_settings)
    return publish_into(producer, place, order, stopping, on_progress)


def publish_into(
    records: Records, place: Place, order: PublishOrder, stopping: Stopping, on_progress: Progress
) -> PublishCounts:
    """Publish to what is there already.

    Parameters
    ----------
    records
        What takes them.
    place
        Under which one notes in the database how far one is.
    order, stopping, on_progress
        As for :func:`publish_profiles`.

    Raises
    ------
    DeliveryError
        When waiting does not help.
    """
    return _Publisher(order, place, records, stopping, on_progress).run()


class _Publisher:
    def __init__(
        self,
        order: PublishOrder,
        place: Place,
        records: Records,
        stopping: Stopping,
        on_progress: Progress,
    ) -> None:
        self._order = order
        self._place = place
        self._records = records
        self._stopping = stopping
        self._on_progress = on_progress
        self._from_start = order.from_start
        self._back_off = BackOff(order.give_up_s)
        self._counts = PublishCounts()
        self._began_s = time.monotonic()

    def run(self) -> PublishCounts:
        while not self._stopping.asked:
            try:
                with connect(self._order.database) as connection:
                    self._follow(connection)
                break
            except (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction) as error:
                self._wait(line_of(error))
            except psycopg.Error as error:
                raise DeliveryError(
                    f"the database refuses what publishing needs: {line_of(error)}; look at the "
                    "tables of delivery/profiles/card_profiles.sql and this user's rights on them"
                ) from None
        self._tell()
        return self._counts

    def _follow(self, connection: Connection) -> None:
        """Publish what has changed, again and again, as long as the database answers."""
        stay(connection, self._order.lock_timeout_s)
        require_writable(connection)
        ensure_tables(connection)
        if not reserve(connection, self._place):
            raise DeliveryError(
                f"another publisher of this database writes {self._place.topic}; one is enough"
            )
        # Not before the lock: who is refused must shut nobody out.
        self._records.open()
        # Before the first look: a change after it is noticed either way.
        connection.execute("LISTEN card_profiles")
        cursor = self._beginning(connection)
        while not self._stopping.asked:
            changes = read_changes(connection, cursor, BATCH)
            if changes:
                cursor = self._publish(connection, changes)
            # Not before the place was noted: a database may give and not take.
            self._back_off.succeed()
            if not changes and self._order.once:
                return
            self._tell()
            if not changes:
                self._until_changed(connection)

    def _beginning(self, connection: Connection) -> Cursor:
        if self._from_start:
            begin_anew(connection, self._place)
            # A connection that breaks later goes on from what is noted.
            self._from_start = False
        elif comes_from_elsewhere(connection, self._place):
            raise DeliveryError(
                "the tables bear transaction numbers of another PostgreSQL, as after a restored "
                "dump: changes would be passed over; publish every card again with --from-start"
            )
        return read_cursor(connection, self._place)

    def _publish(self, connection: Connection, changes: Sequence[Change]) -> Cursor:
        published = tombstones = 0
        for change in changes:
            token = change.cursor.card_token
            if change.row is None:
                self._records.write(self._place.topic, token, None, _TOMBSTONE_TIME_MS)
                tombstones += 1
                continue
            try:
                profile = profile_of(change.row)
            except msgspec.DecodeError as error:
                self._leave_out(token, str(error))
                continue
            value = msgspec.json.encode(profile)
            # Not the wall clock: a profile must never be ahead of its card's swipes.
            self._records.write(self._place.topic, token, value, profile.updated_ms)
            published += 1
        self._records.confirm()
        cursor = changes[-1].cursor
        note_cursor(connection, self._place, cursor)
        self._counts.published += published
        self._counts.tombstones += tombstones
        return cursor

    def _leave_out(self, token: str, why: str) -> None:
        self._counts.refused += 1
        self._counts.last_refused = f"{token}: {why}"
        if not self._counts.first_refused:
            self._counts.first_refused = self._counts.last_refused

    def _until_changed(self, connection: Connection) -> None:
        until_s = time.monotonic() + _LOOK_S
        while not self._stopping.asked and time.monotonic() < until_s:
            for _notice in connection.notifies(timeout=_WAKE_S, stop_after=1):
                return

    def _wait(self, said: str) -> None:
        if self._back_off.exhausted:
            raise DeliveryError(
                f"the database has not answered for {self._order.give_up_s:g} s ({said})"
            )
        seconds = self._back_off.next_s()
        self._counts.waits += 1
        self._counts.waiting_for = said
        self._tell()
        self._stopping.wait(seconds)
        self._counts.waiting_for = ""

    def _tell(self) -> None:
        self._counts.seconds = time.monotonic() - self._began_s
        self._on_progress(self._counts)
