"""How are rows read from a CSV or Parquet file, a batch at a time and as text?

The first row of a CSV below its header is row 2, as a spreadsheet counts; that of Parquet is row 1.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from generator.mixing import I64
from generator.recorded.contract_bounds import near_miss
from generator.recorded.mapping import DataMapping, FileFormat, MappingError
from generator.recorded.problems import EXAMPLES, masked, numberless
from generator.replay import ReplayError

#: Bytes of a CSV that are read at once, and rows of a Parquet file.
_BLOCK_BYTES: Final = 1 << 23
_BATCH_ROWS: Final = 1 << 16
#: What Python's reader says at the end of the file, or of all that it takes for one cell.
_OPEN_QUOTE: Final = ("unexpected end of data", "field larger than field limit")
#: A guess for the progress of a CSV.
_BYTES_PER_ROW: Final = 120


@dataclass(frozen=True)
class Batch:
    """Some rows: their numbers, and the wanted columns as text (None where there is nothing)."""

    rows: I64
    columns: dict[str, Any]


@dataclass
class RaggedRows:
    """Rows of a CSV with too few or too many cells: nobody knows which is which."""

    examples: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    def skip(self, row: Any) -> str:
        """Note one; called by pyarrow."""
        self.numbers.append(row.number)
        if len(self.examples) < EXAMPLES:
            cells = f"{row.actual_columns} cells instead of {row.expected_columns}"
            self.examples.append(f"row {row.number}: {cells}")
        return "skip"


class DataFile:
    """A file of recorded data.

    Parameters
    ----------
    file
        CSV with a header, or Parquet (by its ending).
    form
        How the CSV is written.

    Raises
    ------
    generator.replay.ReplayError
        If there is no such file, or it cannot be read as what its ending says.
    """

    def __init__(self, file: Path, form: FileFormat) -> None:
        self.file = file
        self._form = form
        self.ragged = RaggedRows()
        self._is_parquet = file.suffix.lower() in (".parquet", ".pq")
        try:
            self.names = self._header()
            self._bytes = file.stat().st_size
        except FileNotFoundError:
            raise ReplayError(f"{file}: no such file") from None
        except (OSError, pa.ArrowException, UnicodeDecodeError, LookupError) as error:
            raise ReplayError(f"{file}: cannot be read: {_plain(error)}") from None

    def _header(self) -> list[str]:
        if self._is_parquet:
            return list(pq.read_schema(self.file).names)
        codecs.lookup(self._form.encoding)
        with self._reader([], RaggedRows()) as reader:
            return list(reader.schema.names)

    @property
    def expected_rows(self) -> int:
        """How many rows there are about: progress only."""
        if self._is_parquet:
            return int(pq.read_metadata(self.file).num_rows)
        return self._bytes // _BYTES_PER_ROW

    def require(self, mapping: DataMapping, mapping_file: Path) -> None:
        """Refuse a mapping that reads columns which are not there.

        Raises
        ------
        generator.recorded.mapping.MappingError
            Naming each of them and what may have been meant.
        """
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise ReplayError(
                f"{self.file}: two columns are called {', '.join(map(numberless, twice))}"
            )
        # Without a header the first row stands in for one, card and all.
        shown = [numberless(name) for name in self.names]
        missing = [
            f"{key}: {self.file.name} has no column {name!r}; {near_miss(name, shown)}"
            for key, names in mapping.columns()
            for name in names
            if name not in self.names
        ]
        if missing:
            headless = "" if shown == self.names else "; does the file have a header?"
            raise MappingError(f"{mapping_file}: {'; '.join(missing)}{headless}")
        card = mapping.fields.card_token.names
        if self._is_parquet and any(
            pa.types.is_floating(pq.read_schema(self.file).field(name).type) for name in card
        ):
            raise ReplayError(
                f"{self.file}: column {card[0]!r} holds cards as floating point numbers, which "
                "lose digits; write it as text or integers"
            )

    def require_closed_quotes(self) -> None:
        """Refuse a CSV with a quotation mark that is opened and never closed.

        Its reader would take all that follows for one cell, and those rows for none.

        Raises
        ------
        generator.replay.ReplayError
            Naming the line.
        """
        if self._is_parquet:
            return
        begun = 1
        with self.file.open(encoding=self._form.encoding, errors="replace", newline="") as lines:
            rows = csv.reader(lines, delimiter=self._form.delimiter, strict=True)
            try:
                for _ in rows:
                    begun = rows.line_num + 1
            except csv.Error as error:
                # Other untidiness is read as the library reads it.
                if not str(error).startswith(_OPEN_QUOTE):
                    return
                raise ReplayError(
                    f"{self.file}: line {begun}: a quotation mark is opened and not closed; the "
                    "rows after it would be lost"
                ) from None

    def batches(self, names: list[str]) -> Iterator[Batch]:
        """Read the named columns, all of the file."""
        try:
            yield from self._parquet(names) if self._is_parquet else self._csv(names)
        except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
            raise ReplayError(f"{self.file}: cannot be read: {_plain(error)}") from None

    def _parquet(self, names: list[str]) -> Iterator[Batch]:
        first = 1
        for batch in pq.ParquetFile(self.file).iter_batches(_BATCH_ROWS, columns=names):
            numbers = np.arange(first, first + batch.num_rows, dtype=np.int64)
            first += batch.num_rows
            yield Batch(numbers, {name: pc.cast(batch.column(name), pa.string()) for name in names})

    def _csv(self, names: list[str]) -> Iterator[Batch]:
        first, passed = 2, 0
        with self._reader(names, self.ragged) as reader:
            for batch in reader:
                # Rows that were left out have numbers too.
                ragged = np.array(self.ragged.numbers[passed:], dtype=np.int64)
                places = np.arange(first, first + batch.num_rows + len(ragged), dtype=np.int64)
                numbers = np.setdiff1d(places, ragged, assume_unique=True)[: batch.num_rows]
                if len(numbers):
                    first = int(numbers[-1]) + 1
                    passed += int(np.sum(ragged < first))
                yield Batch(numbers, {name: batch.column(name) for name in names})

    def _reader(self, names: list[str], ragged: RaggedRows) -> Any:
        return pa.csv.open_csv(
            self.file,
            # With threads pyarrow could not say which row is ragged.
            read_options=pa.csv.ReadOptions(
                use_threads=False, block_size=_BLOCK_BYTES, encoding=self._form.encoding
            ),
            parse_options=pa.csv.ParseOptions(
                delimiter=self._form.delimiter,
                newlines_in_values=True,
                invalid_row_handler=ragged.skip,
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types={name: pa.string() for name in names},
                include_columns=names or None,
                strings_can_be_null=True,
                null_values=[""],
            ),
        )


def _plain(error: Exception) -> str:
    """The library's first line, with whatever it quotes of the data masked."""
    return masked(str(error).partition("\n")[0]).strip("'\"")
