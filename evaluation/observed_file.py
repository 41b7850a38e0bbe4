"""How do a million observed records reach one Parquet file without waiting in memory?

Chunks are written as they come to a partial file, which gets its name when it is whole.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from evaluation.view_reader import Chunk
from generator.whole_file import whole_file

OBSERVED_SCHEMA: Final = pa.schema(
    [
        ("view", pa.string()),
        ("topic", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("record_time_ms", pa.int64()),
        ("received_ns", pa.int64()),
        ("key", pa.binary()),
        ("value", pa.binary()),
    ]
)


class ObservedFile(threading.Thread):
    """Writes the chunks of the readers to ``observed.parquet``.

    Parameters
    ----------
    path
        Where; exists only once :meth:`close` is through.
    topics
        Names to write, by the numbers in the chunks.

    Attributes
    ----------
    sink
        Takes chunks.
    failure
        What went wrong while writing, if anything did.
    """

    def __init__(self, path: Path, topics: Sequence[str]) -> None:
        super().__init__(name="observed-file", daemon=True)
        self.sink: queue.SimpleQueue[Chunk | None] = queue.SimpleQueue()
        self.failure: Exception | None = None
        self._path = path
        self._topics = pa.array(topics, pa.string())

    def run(self) -> None:
        """Write until the end mark."""
        try:
            with (
                whole_file(self._path) as partial,
                pq.ParquetWriter(partial, OBSERVED_SCHEMA, compression="zstd") as writer,
            ):
                while (chunk := self.sink.get()) is not None:
                    if chunk.offset:
                        writer.write_batch(self._batch(chunk))
        except Exception as error:
            self.failure = error

    def close(self) -> None:
        """Write what is left, name the file.

        Raises
        ------
        Exception
            What went wrong while writing, e.g. a full disk.
        """
        self.sink.put(None)
        self.join()
        if self.failure:
            raise self.failure

    def _batch(self, chunk: Chunk) -> pa.RecordBatch:
        rows = len(chunk.offset)
        codes = pa.Array.from_buffers(pa.int8(), rows, [None, pa.py_buffer(chunk.topic)])
        columns = [
            pa.repeat(chunk.view, rows),
            self._topics.take(codes),
            pa.Array.from_buffers(pa.int32(), rows, [None, pa.py_buffer(chunk.partition)]),
            *(
                pa.Array.from_buffers(pa.int64(), rows, [None, pa.py_buffer(column)])
                for column in (chunk.offset, chunk.record_time_ms, chunk.received_ns)
            ),
            pa.array(chunk.key, pa.binary()),
            pa.array(chunk.value, pa.binary()),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=OBSERVED_SCHEMA)
