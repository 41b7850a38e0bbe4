"""What really stands on a topic, in the order in which the job read it?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from confluent_kafka import Consumer, KafkaError, Message
from confluent_kafka import TopicPartition as Place

from evaluation.offsets import partitions_of, read_ends
from evaluation.view_reader import open_consumer
from generator.kafka_client import KafkaRefused, Settings, require_broker
from generator.whole_file import whole_file

SENT_SCHEMA: Final = pa.schema(
    [
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("record_time_ms", pa.int64()),
        ("key", pa.binary()),
        ("value", pa.binary()),
    ]
)
#: A broker that sends nothing for so long, with records outstanding, is given up. A choice.
STALL_TIMEOUT_S: Final = 20.0
_BATCH: Final = 20_000


def read_back(
    bootstrap: str,
    topic: str,
    out_parquet: Path,
    extra: Settings | None = None,
    begin: Mapping[int, int] | None = None,
) -> int:
    """Copy a topic, as it is now, into a file in order of partition and offset.

    Parameters
    ----------
    bootstrap
        Comma-separated ``host:port``.
    topic
        Name, prefix included.
    out_parquet
        Columns partition, offset, record_time_ms, key, value. Exists only when it is whole.
    extra
        Any librdkafka setting.
    begin
        First offset to copy by partition; from the beginning where it says nothing.

    Returns
    -------
    int
        Records copied.

    Raises
    ------
    KafkaUnreachable, KafkaRefused
        When no broker answers, the topic does not exist, or records do not come.
    """
    admin = require_broker(bootstrap, extra)
    ends = read_ends(admin, partitions_of(admin, [topic])).end
    consumer = open_consumer(bootstrap, "uncommitted", extra)
    copied = 0
    try:
        with (
            whole_file(out_parquet) as partial,
            pq.ParquetWriter(partial, SENT_SCHEMA, compression="zstd") as writer,
        ):
            # One partition after the other: the order of the file, in bounded memory.
            for (_, number), end in sorted(ends.items()):
                first = (begin or {}).get(number, 0)
                copied += _copy_partition(consumer, Place(topic, number, first), end, writer)
    finally:
        consumer.close()
    return copied


def _copy_partition(consumer: Consumer, start: Place, end: int, writer: pq.ParquetWriter) -> int:
    consumer.assign([start])
    position, copied = start.offset, 0
    while position < end:
        batch = consumer.consume(_BATCH, 0.2) or _next_or_stall(consumer, start, position, end)
        records = []
        for message in batch:
            error = message.error()
            if error is None and message.offset() < end:
                records.append(message)
            elif error is not None and error.code() != KafkaError._PARTITION_EOF:
                raise KafkaRefused(f"{start.topic} cannot be read back: {error.str()}")
            position = message.offset() + (error is None)
        if records:
            writer.write_batch(_batch(records))
            copied += len(records)
    return copied


def _next_or_stall(consumer: Consumer, place: Place, position: int, end: int) -> list[Message]:
    message = consumer.poll(STALL_TIMEOUT_S)
    if message is None:
        raise KafkaRefused(
            f"{place.topic} partition {place.partition}: offsets {position} to {end} did not come "
            f"within {STALL_TIMEOUT_S:g} s"
        )
    return [message]


def _batch(records: list[Message]) -> pa.RecordBatch:
    columns = [
        [record.partition() for record in records],
        [record.offset() for record in records],
        [record.timestamp()[1] for record in records],
        [record.key() for record in records],
        [record.value() for record in records],
    ]
    arrays = [pa.array(c, f.type) for c, f in zip(columns, SENT_SCHEMA, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=SENT_SCHEMA)
