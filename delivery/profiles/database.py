"""How is the database of card profiles reached, and are its tables there?"""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

import psycopg

from delivery.problems import DeliveryError

DDL: Final = files("delivery.profiles").joinpath("card_profiles.sql").read_text(encoding="utf-8")
#: Longest wait for a connection, in seconds.
_CONNECT_TIMEOUT_S: Final = 10
#: Longest wait for a lock, in seconds, by who runs for ever. A choice.
LOCK_TIMEOUT_S: Final = 30
#: After so many silent seconds the server asks whether who runs for ever is still there. A choice.
_KEEPALIVE_S: Final = 60

#: What the DDL makes last.
_IS_THERE: Final = """
    SELECT EXISTS (
        SELECT FROM pg_trigger
        WHERE tgname = 'note_truncated' AND tgrelid = to_regclass('card_profiles')
    )
"""

Connection = psycopg.Connection[tuple[Any, ...]]


def connect(url: str) -> Connection:
    """A connection that commits each statement unless told otherwise.

    Raises
    ------
    psycopg.OperationalError
        When the server does not answer: asking again may help.
    DeliveryError
        When the address is none, or the server refuses who asks.
    """
    try:
        connection = psycopg.connect(
            url,
            autocommit=True,
            connect_timeout=_CONNECT_TIMEOUT_S,
            application_name="paystream-profiles",
        )
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        raise DeliveryError(f"the database cannot be used: {line_of(error)}") from None
    # Times as the contract has them, whatever the server's place.
    connection.execute("SET TIME ZONE 'UTC'")
    return connection


def ensure_tables(connection: Connection) -> None:
    """Make the tables, triggers and the index where they are not there.

    Raises
    ------
    DeliveryError
        When this user may not, or tables of these names are something else.
    """
    try:
        # Not again where they are: a trigger is replaced under a lock that waits for every writer.
        if connection.execute(_IS_THERE).fetchone() == (True,):
            return
        connection.execute(DDL)
    except psycopg.OperationalError:
        raise
    except psycopg.errors.ReadOnlySqlTransaction:
        raise
    except psycopg.Error as error:
        raise DeliveryError(
            f"the tables of card profiles cannot be made: {line_of(error)}; let somebody who may "
            "run delivery/profiles/card_profiles.sql"
        ) from None


def require_writable(connection: Connection) -> None:
    """Refuse a database that can only be read: after a failover the old address may lead to one.

    Raises
    ------
    psycopg.errors.ReadOnlySqlTransaction
        When it is one: asking again may help.
    """
    if connection.execute("SELECT current_setting('transaction_read_only')").fetchone() == ("on",):
        raise psycopg.errors.ReadOnlySqlTransaction(
            "the database takes no writes, as a standby does not; the place cannot be noted"
        )


def stay(connection: Connection, lock_timeout_s: int) -> None:
    """Prepare a connection of a program that runs for ever.

    Somebody else's transaction can hold the table for as long as a reload takes. It is waited for
    in pieces, as a server that is away is, so that whoever watches sees it. And of one that is
    gone without a word the server learns within a minute or two, and lets its place as the only
    publisher go; by itself it would keep it for hours.
    """
    connection.execute(f"SET lock_timeout = '{lock_timeout_s}s'")
    connection.execute(f"SET tcp_keepalives_idle = {_KEEPALIVE_S}")
    connection.execute("SET tcp_keepalives_interval = 10")


def line_of(error: Exception) -> str:
    """What a database's error says, in one line."""
    return " ".join(str(error).split())
