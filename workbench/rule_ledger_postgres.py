"""How does the ledger of the rules stand in PostgreSQL?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import psycopg

from workbench.rule_ledger import Decide, LedgerEntry, LedgerError, RuleLedger

_TABLE: Final = Path(__file__).with_name("rule_ledger.sql")
#: Longest wait for a connection, in seconds.
_CONNECT_TIMEOUT_S: Final = 5
_COLUMNS: Final = "key, version, change_id, author, changed_ms, note, record"
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

    def append(self, decide: Decide) -> list[LedgerEntry]:
        """Add rows in one transaction; other writers wait meanwhile, readers do not."""
        with self._connected() as connection:
            connection.execute("LOCK TABLE rule_changes IN EXCLUSIVE MODE")
            added = decide(_entries(connection))
            for entry in added:
                connection.execute(
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
            return added

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
