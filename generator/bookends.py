"""What does Kafka get before the first swipe of a replay, and after the last?

Before: the card profiles, as fast as they go, so that the job knows the cards. After: clock
records, which push each partition's event time on, or the last windows would never close.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow.parquet as pq
from confluent_kafka import KafkaException, Producer

from generator.kafka_client import (
    KafkaRefused,
    Settings,
    client_settings,
    reason,
    require_broker,
    silent_logger,
    topic_partitions,
)
from generator.shard import Shard
from job.contracts import ClockRecord, Topics

CLOCK_KEY: Final = b"clock"
#: Longest wait for all confirmations, in seconds.
CONFIRM_TIMEOUT_S: Final = 60.0


def open_producer(bootstrap: str, extra: Settings | None = None, **own: Any) -> Producer:
    """An idempotent producer that puts each key where a Java client would.

    The partitioner is ``murmur2``: the hash of the key, as in the Java client, and all records
    without a key in one partition, so that the same replay fills the partitions alike each time.

    Raises
    ------
    KafkaRefused
        When a setting is unknown or wrong.
    """
    settings = {"acks": "all", "enable_idempotence": True, "partitioner": "murmur2", **own}
    try:
        return Producer(client_settings(bootstrap, extra, **settings), logger=silent_logger)
    except KafkaException as error:
        raise KafkaRefused(f"Kafka producer setting refused: {reason(error)}") from None


class ReplayStart(msgspec.Struct, frozen=True):
    """What the sender reads of a replay's manifest."""

    event_time_start_ms: int
    event_time_end_ms: int


def read_replay_start(replay: Path) -> ReplayStart:
    """Read the manifest of a replay folder.

    Raises
    ------
    FileNotFoundError, msgspec.DecodeError
        When the folder is no replay.
    """
    return msgspec.json.decode((replay / "manifest.json").read_bytes(), type=ReplayStart)


def publish_profiles(
    bootstrap: str, prefix: str, replay: Path, extra: Settings | None = None
) -> int:
    """Send the card profiles of a replay, and wait until Kafka has them all.

    Their Kafka timestamp is one millisecond before the first event of the replay: they must
    never be ahead of a swipe.

    Parameters
    ----------
    bootstrap
        Comma-separated ``host:port``.
    prefix
        Of the run's topics.
    replay
        Folder with ``manifest.json`` and ``profiles.parquet``.
    extra
        Any librdkafka setting.

    Returns
    -------
    int
        How many.

    Raises
    ------
    KafkaUnreachable, KafkaRefused
        When no broker answers, the topic does not exist, or one was not confirmed.
    """
    topic = Topics.with_prefix(prefix).card_profiles
    topic_partitions(require_broker(bootstrap, extra), [topic])
    record_time_ms = read_replay_start(replay).event_time_start_ms - 1
    producer = open_producer(bootstrap, extra, linger_ms=50)
    failures: list[str] = []
    count = 0
    for batch in pq.ParquetFile(replay / "profiles.parquet").iter_batches(
        columns=["card_token", "value"]
    ):
        rows = zip(batch["card_token"].to_pylist(), batch["value"].to_pylist(), strict=True)
        _produce_all(
            producer,
            ((topic, token.encode(), value, -1, record_time_ms) for token, value in rows),
            failures,
        )
        count += batch.num_rows
    _confirm(producer, failures, f"card profiles on {topic}")
    return count


def send_clock_records(
    bootstrap: str,
    prefix: str,
    clock_time_ms: int,
    *,
    times: int = 1,
    interval_s: float = 0.2,
    extra: Settings | None = None,
    shard: Shard = Shard(),  # noqa: B008 - it cannot be changed
) -> int:
    """Send one clock record to each partition of ``swipes``, and again as often as asked.

    A later round is a millisecond of event time further: a watermark moves on progress only.

    Parameters
    ----------
    bootstrap
        Comma-separated ``host:port``.
    prefix
        Of the run's topics.
    clock_time_ms
        Event time; past the replay's end by more than the largest gap, lateness or window.
    times
        Rounds.
    interval_s
        Between two rounds, in seconds.
    extra
        Any librdkafka setting.
    shard
        Whose partitions get them: a clock record must not pass by swipes that another sends.

    Returns
    -------
    int
        Records sent.

    Raises
    ------
    KafkaUnreachable, KafkaRefused
        When no broker answers, the topic does not exist, or one was not confirmed.
    """
    topic = Topics.with_prefix(prefix).swipes
    total = topic_partitions(require_broker(bootstrap, extra), [topic])[topic]
    partitions = shard.partitions(total)
    producer = open_producer(bootstrap, extra, linger_ms=0)
    failures: list[str] = []
    for turn in range(times):
        if turn:
            time.sleep(interval_s)
        now_ms = clock_time_ms + turn
        value = msgspec.json.encode(ClockRecord(clock_time_ms=now_ms))
        _produce_all(
            producer,
            ((topic, CLOCK_KEY, value, partition, now_ms) for partition in partitions),
            failures,
        )
        _confirm(producer, failures, f"clock records on {topic}")
    return times * len(partitions)


def _produce_all(
    producer: Producer,
    records: Iterable[tuple[str, bytes, bytes, int, int]],
    failures: list[str],
) -> None:
    def report(error: Any, _message: object) -> None:
        if error is not None:
            failures.append(error.str())

    for topic, key, value, partition, record_time_ms in records:
        while True:
            try:
                producer.produce(
                    topic, value, key, partition, on_delivery=report, timestamp=record_time_ms
                )
            except BufferError:
                producer.poll(0.05)
                continue
            break
        producer.poll(0)


def _confirm(producer: Producer, failures: list[str], what: str) -> None:
    outstanding = producer.flush(CONFIRM_TIMEOUT_S)
    if outstanding:
        producer.purge()
        producer.flush(1.0)
        raise KafkaRefused(
            f"{outstanding} {what} were not confirmed within {CONFIRM_TIMEOUT_S:g} s; "
            "look at the broker's log"
        )
    if failures:
        raise KafkaRefused(f"{len(failures)} {what} were refused, the first: {failures[0]}")
