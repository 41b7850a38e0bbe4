"""How does one sending process load its share of a replay and send it?

A shard's records are split by the hash of the key: all records of a card are sent by one process,
so their order stays. A worker obeys its parent through shared memory and ends when the parent is
gone.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import time
import zlib
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow.parquet as pq
from confluent_kafka import Producer

from generator.bookends import open_producer
from generator.kafka_client import KafkaRefused, KafkaUnreachable, require_broker
from generator.pacing import Schedule, SendRecord, send_on_schedule, settle
from generator.shard import Shard

#: Fields of a worker's row in the shared array of counts.
SENT, DELIVERED, FAILED, FLUSHING, LOADED, FIELDS = 0, 1, 2, 3, 4, 5
#: Tells all workers to stop; values of the shared flag.
RUN, STOP = 0, 1
#: Wait for confirmations after a signal, in seconds: a person waits for this.
STOPPED_FLUSH_S: Final = 5.0

_PARENT_CHECK_NS: Final = 200_000_000
#: As the sink's: fewer, fuller requests leave the broker a quarter of its CPU, for 3 ms of latency.
_LINGER_MS: Final = 8


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What one worker sends, where to, and how.

    Attributes
    ----------
    records_file
        ``records.parquet`` of the replay.
    number, workers
        This one's number from 0, and how many there are.
    bootstrap, topic, kafka_config
        The Kafka side.
    tick_us
        Records due within so many microseconds go out together.
    flush_timeout_s
        Longest wait for confirmations after the last record, in seconds.
    shard, partitions
        The part of the replay that this and the other workers share; partitions of the topic.
    """

    records_file: Path
    number: int
    workers: int
    bootstrap: str
    topic: str
    kafka_config: dict[str, str]
    tick_us: int
    flush_timeout_s: float
    shard: Shard = Shard()
    partitions: int = 1


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker hands back: its part of the log, as raw int64 columns."""

    index: np.ndarray[Any, Any]
    due_us: np.ndarray[Any, Any]
    record: SendRecord
    finished: bool
    cpu_s: float


def load_share(
    records_file: Path,
    number: int,
    workers: int,
    shard: Shard = Shard(),  # noqa: B008 - it cannot be changed
    partitions: int = 1,
) -> Schedule:
    """Read a worker's records into memory, in send order.

    Parameters
    ----------
    records_file
        ``records.parquet`` of the replay.
    number, workers
        This one's number from 0, and how many there are.
    shard, partitions
        The part of the replay that these workers share; partitions of the topic.
    """
    columns = ["index", "due_us", "record_time_ms", "key", "value"]
    table = pq.read_table(records_file, columns=columns)
    keys = [None if key is None else key.encode() for key in table["key"].to_pylist()]
    mine: np.ndarray[Any, Any] = np.arange(len(keys))
    if not shard.is_whole:
        mine = shard.positions(keys, partitions)
    if workers > 1:
        share_of = np.fromiter(
            (zlib.crc32(keys[position] or b"") % workers for position in mine), np.int64, len(mine)
        )
        mine = mine[share_of == number]
    if len(mine) < len(keys):
        table = table.take(mine)
    return Schedule(
        index=table["index"].to_pylist(),
        due_us=table["due_us"].to_pylist(),
        record_time_ms=table["record_time_ms"].to_pylist(),
        keys=[keys[position] for position in mine.tolist()],
        values=table["value"].to_pylist(),
    )


def run_worker(share: Share, pipe: Connection, flag: Any, counts: Any) -> None:
    """Load, say ``ready``, wait for the start time, send, hand back the log.

    Parameters
    ----------
    share
        What to send.
    pipe
        To the parent: ``"ready"`` or an error line out, the start time in, :class:`Sent` out.
    flag, counts
        Shared memory: `RUN` or `STOP`; this worker's row of counts.
    """
    # Ctrl-C reaches the whole group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # The client is C: where it crashes nothing else would say so.
    faulthandler.enable()
    try:
        schedule = load_share(
            share.records_file, share.number, share.workers, share.shard, share.partitions
        )
        producer = _connect(share)
    except (KafkaUnreachable, KafkaRefused, OSError) as error:
        pipe.send(str(error))
        return
    counts[share.number * FIELDS + LOADED] = len(schedule)
    pipe.send("ready")
    while not pipe.poll(0.05):
        producer.poll(0)
    start_ns = pipe.recv()
    if start_ns is None:
        return
    pipe.send(_send_share(share, schedule, producer, start_ns, flag, counts))


def _connect(share: Share) -> Producer:
    """Open the producer and learn the topic's leaders, so that the first record need not wait."""
    require_broker(share.bootstrap, share.kafka_config)
    producer = open_producer(
        share.bootstrap,
        share.kafka_config,
        linger_ms=_LINGER_MS,
        # A stalled broker must not become a stalled schedule: room for a minute at 1 M a minute.
        queue_buffering_max_messages=2_000_000,
        queue_buffering_max_kbytes=1_048_576,
    )
    producer.list_topics(share.topic, timeout=5.0)
    return producer


def _send_share(
    share: Share, schedule: Schedule, producer: Producer, start_ns: int, flag: Any, counts: Any
) -> Sent:
    record = SendRecord.empty(len(schedule))
    cpu_s = time.process_time()
    row = share.number * FIELDS
    stopped = _stop_check(flag, record, counts, row)
    finished = send_on_schedule(
        producer,
        share.topic,
        schedule,
        start_ns,
        record,
        should_stop=stopped,
        tick_us=share.tick_us,
    )
    counts[row + FLUSHING] = 1
    flush_s = share.flush_timeout_s if finished else STOPPED_FLUSH_S
    settle(producer, record, flush_s, keep_waiting=lambda: not finished or not stopped())
    _publish(record, counts, row)
    return Sent(
        index=np.asarray(schedule.index, np.int64),
        due_us=np.asarray(schedule.due_us, np.int64),
        record=record,
        finished=finished,
        cpu_s=time.process_time() - cpu_s,
    )


def _stop_check(flag: Any, record: SendRecord, counts: Any, row: int) -> Callable[[], bool]:
    """Ask the parent's flag; publish the counts on the way."""
    parent = os.getppid()
    next_check_ns = 0

    def stopped() -> bool:
        nonlocal next_check_ns
        now_ns = time.monotonic_ns()
        if now_ns >= next_check_ns:
            next_check_ns = now_ns + _PARENT_CHECK_NS
            _publish(record, counts, row)
            if os.getppid() != parent:
                return True
        return bool(flag.value != RUN)

    return stopped


def _publish(record: SendRecord, counts: Any, row: int) -> None:
    counts[row + SENT] = record.sent
    counts[row + DELIVERED] = record.delivered
    counts[row + FAILED] = len(record.errors)
