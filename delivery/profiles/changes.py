"""Which cards have changed, in which order, and up to where have they been published?

A transaction's number is given when it begins to write, but its rows are seen when it commits: a
reader that goes by numbers alone would pass over one that commits late. So nothing is read that
is not older than every transaction still under way.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from delivery.profiles.database import Connection
from delivery.profiles.rows import read_from

_CHANGES: Final = f"""
    SELECT changes.changed_in::text, changes.card_token, profiles.card_token IS NULL,
           {read_from("profiles")}
    FROM card_profile_changes AS changes
    LEFT JOIN card_profiles AS profiles USING (card_token)
    WHERE (changes.changed_in, changes.card_token) > (%s::text::xid8, %s)
      AND changes.changed_in < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY changes.changed_in, changes.card_token
    LIMIT %s
"""  # noqa: S608 - names of columns, all ours
_NOTE: Final = """
    INSERT INTO card_profile_publications (kafka_cluster, topic, changed_in, card_token)
    VALUES (%s, %s, %s::text::xid8, %s)
    ON CONFLICT (kafka_cluster, topic) DO UPDATE
    SET (changed_in, card_token) = (excluded.changed_in, excluded.card_token)
"""
#: Who sees a row sees that its transaction is done: its number is below the snapshot's upper end.
_NOT_OF_THIS_CLUSTER: Final = """
    SELECT EXISTS (
        SELECT FROM card_profile_changes
        WHERE changed_in >= pg_snapshot_xmax(pg_current_snapshot())
    ) OR EXISTS (
        SELECT FROM card_profile_publications
        WHERE (kafka_cluster, topic) = (%s, %s)
          AND changed_in >= pg_snapshot_xmax(pg_current_snapshot())
    )
"""
_FORGET_PLACE: Final = """
    DELETE FROM card_profile_publications WHERE (kafka_cluster, topic) = (%s, %s)
"""
_NUMBER_ANEW: Final = """
    UPDATE card_profile_changes SET changed_in = pg_current_xact_id()
    WHERE changed_in >= pg_snapshot_xmax(pg_current_snapshot())
"""
#: Those that are noted are not touched: it would wait for whoever changes them just now.
_NOTE_MISSING: Final = """
    INSERT INTO card_profile_changes
    SELECT card_token, pg_current_xact_id() FROM card_profiles
    WHERE NOT EXISTS (
        SELECT FROM card_profile_changes AS noted
        WHERE noted.card_token = card_profiles.card_token
    )
    ON CONFLICT (card_token) DO NOTHING
"""


class Cursor(NamedTuple):
    """Where a reader stands: at the change of one card in one transaction."""

    changed_in: str
    card_token: str


#: Before every change.
START: Final = Cursor("0", "")


class Place(NamedTuple):
    """What is being written: a topic of one Kafka. One made anew under the same name is another."""

    kafka_cluster: str
    topic: str


class Change(NamedTuple):
    """The newest state of a card that has changed; its row is None when it was deleted."""

    cursor: Cursor
    row: tuple[Any, ...] | None


def read_changes(connection: Connection, after: Cursor, most: int) -> list[Change]:
    """Read the next changes after a place, in the order of their transactions."""
    found = connection.execute(_CHANGES, (*after, most)).fetchall()
    return [
        Change(Cursor(changed_in, token), None if deleted else tuple(row))
        for changed_in, token, deleted, *row in found
    ]


def read_cursor(connection: Connection, place: Place) -> Cursor:
    """Up to where a topic has been written."""
    found = connection.execute(
        "SELECT changed_in::text, card_token FROM card_profile_publications"
        " WHERE kafka_cluster = %s AND topic = %s",
        place,
    ).fetchone()
    return START if found is None else Cursor(*found)


def note_cursor(connection: Connection, place: Place, cursor: Cursor) -> None:
    """Note up to where a topic has been written."""
    connection.execute(_NOTE, (*place, *cursor))


def comes_from_elsewhere(connection: Connection, place: Place) -> bool:
    """Whether changes or the place bear numbers that this cluster's transactions have not reached.

    A dump brings the numbers of the cluster that it was made of. Its changes would not be read
    until as many transactions have gone by here, and those made here would sort before the place.
    """
    return connection.execute(_NOT_OF_THIS_CLUSTER, place).fetchone() == (True,)


def begin_anew(connection: Connection, place: Place) -> None:
    """Forget how far a topic has been written, and let every card be found from its beginning.

    Numbers that another cluster gave are replaced, and cards that nobody has noted are noted.
    Other numbers stay: what they say can be read at once, whoever still writes.
    """
    with connection.transaction():
        connection.execute(_FORGET_PLACE, place)
        connection.execute(_NUMBER_ANEW)
        connection.execute(_NOTE_MISSING)


def reserve(connection: Connection, place: Place) -> bool:
    """Be the only one who writes this topic, as long as the connection lasts; False if it is not.

    Two publishers might write an older state of a card over a newer one.
    """
    found = connection.execute(
        "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", ("/".join(place),)
    ).fetchone()
    return found is not None and bool(found[0])
