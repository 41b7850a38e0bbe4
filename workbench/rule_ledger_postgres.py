"""How does the ledger of the rules stand in PostgreSQL?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import psycopg

from workbench.rule_ledger import Decide, LedgerAlone, LedgerEntry, LedgerError, RuleLedger

_TABLE: Final = Path(__file__).with_name("rule_ledger.sql")
#: Longest wait for a connection, in seconds.
_CONNECT_TIMEOUT_S: Final = 5
_COLUMNS: Final = "key, version, change_id, author, changed_ms, note, record"
#: Of the session, by the table's own number: two schemas do not wait for each other.
_LOCK: Final = "SELECT pg_advisory_lock('rule_changes'::regclass::oid::bigint)"
_Connection = psycopg.Connection[tuple[Any, ...]]


class PostgresLedger(RuleLedger):
    """One entry a row of the table ``rule_changes``, which is made where it is missing.

    Parameters
    ----------
    url
        ``postgresql://user@host/database``, or any connection string of libpq.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def entries(self) -> list[LedgerEntry]:
        """All rows."""
        with self._connected() as connection:
            return _entries(connection)

    @contextmanager
    def alone(self) -> Iterator[LedgerAlone]:
        """Hold a lock beside the table, for as long as the connection stands.

        The table's own goes with the transaction, and what is added must be committed before it
        is published: a change on the topic that no ledger knows could not be taken back.
        """
        with self._connected() as connection:
            connection.execute(_LOCK)
            connection.commit()
            yield _PostgresAlone(connection)

    @contextmanager
    def _connected(self) -> Iterator[_Connection]:
        try:
            with psycopg.connect(self._url, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
                if not _has_table(connection):
                    connection.execute(_TABLE.read_bytes())
                yield connection
        except psycopg.Error as error:
            said = " ".join(str(error).split())
            raise LedgerError(f"the rules' database: {said}") from None


class _PostgresAlone(LedgerAlone):
    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    def entries(self) -> list[LedgerEntry]:
        return _entries(self._connection)

    def append(self, decide: Decide) -> list[LedgerEntry]:
        """In one transaction."""
        # For whoever adds by hand, and knows of no other lock.
        self._connection.execute("LOCK TABLE rule_changes IN EXCLUSIVE MODE")
        added = decide(_entries(self._connection))
        for entry in added:
            self._connection.execute(
                f"INSERT INTO rule_changes ({_COLUMNS}) "  # noqa: S608
                "VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (
                    entry.key,
                    entry.version,
                    entry.change_id,
                    entry.author,
                    entry.changed_ms,
                    entry.note,
                    entry.value.decode() or None,
                ),
            )
        self._connection.commit()
        return added


def _has_table(connection: _Connection) -> bool:
    """Asked first: who may only read the table may not make it."""
    row = connection.execute("SELECT to_regclass('rule_changes')").fetchone()
    return row is not None and row[0] is not None


def _entries(connection: _Connection) -> list[LedgerEntry]:
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM rule_changes ORDER BY number"  # noqa: S608
    ).fetchall()
    names = _COLUMNS.split(", ")
    try:
        return [msgspec.convert(dict(zip(names, row, strict=True)), LedgerEntry) for row in rows]
    except msgspec.ValidationError as error:
        raise LedgerError(f"the rules' database: a row of rule_changes: {error}") from None
