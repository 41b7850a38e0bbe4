"""How do rows of the table become swipes of the contract, many at a time?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import duckdb
import pyarrow as pa

from generator.tables import SWIPES
from job.contracts import CONTRACT_VERSION, Swipe

#: The contract's fields as the tables hold them.
SWIPE_COLUMNS: Final = ", ".join(
    f"{CONTRACT_VERSION} AS v" if name == "v" else name for name in SWIPES.names
)
_BATCH_ROWS: Final = 50_000


def batches_of(database: duckdb.DuckDBPyConnection, query: str, schema: Any) -> Iterator[Any]:
    """The result of a query as tables of a schema, a batch at a time."""
    for batch in database.cursor().sql(query).to_arrow_reader(_BATCH_ROWS):
        yield _as(batch, schema)


def _as(batch: Any, schema: Any) -> Any:
    return pa.Table.from_batches([batch]).cast(schema)


def swipes_of(database: duckdb.DuckDBPyConnection, rest: str) -> Iterator[Swipe]:
    """The swipes of a query that begins with FROM."""
    for table in batches_of(database, f"SELECT {SWIPE_COLUMNS} {rest}", SWIPES):
        yield from swipes_in(table)


def swipes_in(table: Any) -> Iterator[Swipe]:
    """The swipes of a table of the schema :data:`generator.tables.SWIPES`."""
    names = SWIPES.names
    for row in zip(*(_listed(table.column(name)) for name in names), strict=True):
        yield Swipe(**dict(zip(names, row, strict=True)))


def _listed(column: Any) -> list[Any]:
    """A column as a list. Through NumPy is several times as fast, but has no missing numbers."""
    if column.null_count and not pa.types.is_string(column.type):
        return list(column.to_pylist())
    return list(column.to_numpy().tolist())
