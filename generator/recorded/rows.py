"""Which rows of the data can be used, and what do they say in the contract's terms?

Rows are read a batch at a time, their cards hashed first, then everything else turned column by
column. What comes out lies in a DuckDB file, so that more than fits into memory can be sorted; no
card number reaches it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from generator.mixing import I64
from generator.recorded.columns import Expression, Names, expressions, is_local, signed_minor
from generator.recorded.mapping import DataMapping
from generator.recorded.problems import EXAMPLES, BadRowsError, Problem, Problems, hidden, masked
from generator.recorded.reading import Batch, DataFile
from generator.recorded.tokenising import Tokeniser

#: Two swipes of a card with the same time, amount and merchant may be one that stands there twice.
_ALIKE: Final = """
SELECT min("row"), max("row"), count(*) - 1 FROM swipes
GROUP BY card_token, event_time_ms, amount_minor, merchant_id
HAVING count(*) > 1 ORDER BY 1
"""
_SAME_ID: Final = """
SELECT "row", swipe_id FROM swipes
QUALIFY row_number() OVER (PARTITION BY swipe_id ORDER BY "row") > 1 ORDER BY 1
"""

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Usable:
    """What became of the rows.

    Attributes
    ----------
    rows, used
        Of the file; of the table ``swipes``.
    bad, notes
        Problems for which rows were left out; what a reader should know and was let be.
    """

    rows: int
    used: int
    bad: list[Problem]
    notes: list[Problem]


def read_rows(
    data: DataFile,
    mapping: DataMapping,
    key: bytes,
    database: duckdb.DuckDBPyConnection,
    *,
    skip_bad: bool,
    progress: Progress,
) -> Usable:
    """Read all rows into the table ``swipes`` of a database.

    Parameters
    ----------
    data
        Checked against the mapping.
    key
        Of the cards' tokens.
    skip_bad
        Go on without the rows that cannot be used.

    Raises
    ------
    BadRowsError
        If there are some and ``skip_bad`` is not set, or if none is left.
    """
    reader = _Reader(data, mapping, key, database)
    for done, total in reader.run():
        progress("reading rows", done / total)
    bad = Problems()
    for problem in reader.problems.found():
        bad.add(problem.what, problem.rows, iter(problem.examples))
    ragged = data.ragged
    bad.add("cells missing or too many", len(ragged.numbers), iter(ragged.examples))
    if mapping.fields.swipe_id is not None:
        _remove_same_ids(database, bad)
    used = _count(database, "SELECT count(*) FROM swipes")
    rows = reader.rows + len(ragged.numbers)
    found = bad.found()
    if found and not skip_bad:
        raise BadRowsError(_refusal(data, rows - used, rows, found))
    if not used:
        raise BadRowsError(_refusal(data, rows, rows, found))
    notes = Problems()
    notes.add("earlier than the row before (sorted)", reader.unsorted, iter(reader.unsorted_rows))
    _note_alike(database, notes)
    return Usable(rows, used, found, notes.found())


class _Reader:
    """Turns batches of text into rows of the table, and counts what cannot be."""

    def __init__(
        self,
        data: DataFile,
        mapping: DataMapping,
        key: bytes,
        database: duckdb.DuckDBPyConnection,
    ) -> None:
        self._data, self._mapping, self._database = data, mapping, database
        self._names = Names(mapping)
        self._tokeniser = Tokeniser(mapping.fields.card_token, key)
        self._expressions = expressions(mapping)
        self._query = _query(mapping, self._names, self._expressions)
        self.problems = Problems()
        self.rows = self.unsorted = 0
        self.unsorted_rows: list[str] = []
        self._last_ms = -1

    def run(self) -> Iterator[tuple[int, int]]:
        """Read everything; gives rows read, and a guess of how many there are."""
        columns = list(self._names.by_column)
        made = False
        for batch in self._data.batches(columns):
            if not len(batch.rows):
                continue
            typed = self._typed(batch)
            good = self._good(batch, typed)
            self._note_order(good)
            self._database.register("good", good.select(_kept(self._expressions)))
            into = "INSERT INTO swipes" if made else "CREATE TABLE swipes AS"
            self._database.execute(f"{into} SELECT * FROM good")
            self._database.unregister("good")
            made = True
            self.rows += len(batch.rows)
            yield self.rows, max(self.rows, self._data.expected_rows)
        if not made:
            raise BadRowsError(f"{self._data.file}: has no rows")

    def _typed(self, batch: Batch) -> Any:
        tokens, bins = self._tokeniser.cards(batch)
        card = set(self._tokeniser.names)
        # The card's own columns go no further.
        columns = {
            short: batch.columns[name]
            for name, short in self._names.by_column.items()
            if name not in card
        }
        columns |= {"row": pa.array(batch.rows), "card_token": tokens, "card_bin": bins}
        self._database.register("batch", pa.table(columns))
        typed = self._database.sql(self._query).to_arrow_table()
        self._database.unregister("batch")
        return _in_utc(typed, self._mapping.fields.event_time_ms.zone)

    def _good(self, batch: Batch, typed: Any) -> Any:
        """The rows that can be used; the others are counted, by what is wrong first."""
        texts = self._tokeniser.texts(batch)
        bad = pc.is_null(typed.column("card_token")).to_numpy(zero_copy_only=False)
        names = self._tokeniser.names
        self.problems.add(
            f"card_token (column {' '.join(names)!r}) is no card",
            int(bad.sum()),
            (f"row {batch.rows[at]}: {hidden(texts[at].as_py())}" for at in _first(bad)),
        )
        for each in self._expressions:
            if each.bad == "false":
                continue
            wrong = typed.column(f"bad_{each.name}").to_numpy(zero_copy_only=False) & ~bad
            self.problems.add(each.what, int(wrong.sum()), self._shown(batch, each, wrong))
            bad |= wrong
        return typed.filter(pa.array(~bad))

    def _shown(self, batch: Batch, wrong_field: Expression, wrong: Any) -> Iterator[str]:
        for at in _first(wrong):
            cells = [batch.columns[name][at].as_py() for name in wrong_field.columns]
            yield f"row {batch.rows[at]}: {masked(' '.join(cell or '' for cell in cells))}"

    def _note_order(self, good: Any) -> None:
        times_ms: I64 = good.column("event_time_ms").to_numpy()
        if not len(times_ms):
            return
        before_ms = np.concatenate([[self._last_ms], times_ms[:-1]])
        back = times_ms < before_ms
        self.unsorted += int(back.sum())
        for at in _first(back)[: EXAMPLES - len(self.unsorted_rows)]:
            self.unsorted_rows.append(f"row {good.column('row')[int(at)].as_py()}")
        self._last_ms = int(times_ms[-1])


def _first(where: Any) -> list[int]:
    return [int(at) for at in np.flatnonzero(where)[:EXAMPLES]]


def _kept(all_expressions: list[Expression]) -> list[str]:
    return ["row", "card_token", *(each.name for each in all_expressions)]


def _query(mapping: DataMapping, names: Names, all_expressions: list[Expression]) -> str:
    fields = mapping.fields
    inner = ["*", f"{signed_minor(fields.amount_minor, names)} AS signed_minor"]
    merchant = next(each for each in all_expressions if each.name == "merchant_id")
    inner.append(f"{is_local(fields.event_time_ms, names)} AS is_local")
    columns = ['"row"', "card_token", "is_local"]
    for each in all_expressions:
        value = merchant.value if each.value == "merchant_id" else each.value
        if each.name == "swipe_id" and fields.swipe_id is None:
            value = "format('row-{:012d}', \"row\")"
        columns.append(f"{value} AS {each.name}")
        if each.bad != "false":
            columns.append(f"{each.bad} AS bad_{each.name}")
    return f"SELECT {', '.join(columns)} FROM (SELECT {', '.join(inner)} FROM batch)"


def _in_utc(typed: Any, zone: str) -> Any:
    if zone == "UTC":
        return typed
    at = typed.schema.get_field_index("event_time_ms")
    local_ms = typed.column(at)
    times = pc.cast(local_ms, pa.timestamp("ms"))
    utc = pc.assume_timezone(times, zone, ambiguous="earliest", nonexistent="earliest")
    utc_ms = pc.if_else(typed.column("is_local"), pc.cast(utc, pa.int64()), local_ms)
    return typed.set_column(at, "event_time_ms", utc_ms)


def _remove_same_ids(database: duckdb.DuckDBPyConnection, bad: Problems) -> None:
    again = database.execute(_SAME_ID).fetchall()
    if again:
        bad.add(
            "the swipe_id stands in an earlier row",
            len(again),
            (f"row {row}: {masked(swipe_id)}" for row, swipe_id in again),
        )
        database.register("again", pa.table({"row": [row for row, _ in again]}))
        database.execute('DELETE FROM swipes WHERE "row" IN (SELECT "row" FROM again)')
        database.unregister("again")


def _note_alike(database: duckdb.DuckDBPyConnection, notes: Problems) -> None:
    alike = database.execute(_ALIKE).fetchall()
    notes.add(
        "same card, time, amount and merchant as an earlier row (kept)",
        sum(count for _, _, count in alike),
        (f"row {last} as row {first}" for first, last, _ in alike),
    )


def _count(database: duckdb.DuckDBPyConnection, query: str) -> int:
    row = database.execute(query).fetchone()
    return 0 if row is None else int(row[0])


def _refusal(data: DataFile, bad: int, rows: int, problems: list[Problem]) -> str:
    lines = [
        f"{data.file}: {bad:,} of {rows:,} rows cannot be used; "
        "mend them, or leave them out with --bad-rows skip"
    ]
    return "\n".join([*lines, *(f"  {problem.line}" for problem in problems)])
