"""Does a topic hold swipes of this replay already?

The same replay has the same swipe ids each time: sent twice, every swipe of the second time is a
repeat, and whatever the job says of it says nothing. Looked for are the ids themselves, so a replay
that was cut short, or that was sent by another program, is found too. What the topic no longer
holds cannot be found, nor what stands before its newest `LOOK_BACK` records.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pyarrow.parquet as pq
from confluent_kafka import Consumer, KafkaError
from confluent_kafka import TopicPartition as Place
from confluent_kafka.admin import AdminClient, OffsetSpec

from generator.kafka_client import (
    REACH_TIMEOUT_S,
    KafkaRefused,
    Settings,
    client_settings,
    require_broker,
    silent_logger,
    topic_partitions,
)

#: Newest records of a topic that are looked at, over all partitions. A choice: some ten seconds.
LOOK_BACK: Final = 3_000_000
#: A broker that sends nothing for so long, with records outstanding, is given up. A choice.
_STALL_TIMEOUT_S: Final = 20.0
_BATCH: Final = 10_000


class _SwipeId(msgspec.Struct, frozen=True, gc=False):
    swipe_id: str


_decode = msgspec.json.Decoder(_SwipeId).decode


class SeenBefore(NamedTuple):
    """A swipe of the replay that stands on the topic already."""

    swipe_id: str
    partition: int
    offset: int


def find_seen(
    bootstrap: str,
    topic: str,
    replay: Path,
    extra: Settings | None = None,
    look_back: int = LOOK_BACK,
) -> SeenBefore | None:
    """Look for any swipe of a replay among a topic's newest records.

    Parameters
    ----------
    bootstrap, topic
        Where to look.
    replay
        Folder with ``swipes.parquet``.
    extra
        Any librdkafka setting.
    look_back
        Records to look at, shared evenly by the partitions.

    Returns
    -------
    SeenBefore or None
        The first that was found.

    Raises
    ------
    KafkaUnreachable, KafkaRefused
        When no broker answers, the topic does not exist, or its records do not come.
    """
    admin = require_broker(bootstrap, extra)
    partitions = range(topic_partitions(admin, [topic])[topic])
    begin = _offsets(admin, topic, partitions, OffsetSpec.earliest())
    end = _offsets(admin, topic, partitions, OffsetSpec.latest())
    share = look_back // len(partitions)
    begin = {number: max(first, end[number] - share) for number, first in begin.items()}
    if begin == end:
        return None
    column = pq.read_table(replay / "swipes.parquet", columns=["swipe_id"]).column("swipe_id")
    consumer = Consumer(
        client_settings(
            bootstrap,
            extra,
            group_id="paystream-reader",
            enable_auto_commit=False,
            enable_partition_eof=True,
            auto_offset_reset="earliest",
        ),
        logger=silent_logger,
    )
    try:
        return _search(consumer, topic, begin, end, frozenset(column.to_pylist()))
    finally:
        consumer.close()


def _offsets(admin: AdminClient, topic: str, partitions: range, spec: Any) -> dict[int, int]:
    answers = admin.list_offsets({Place(topic, number): spec for number in partitions})
    return {
        place.partition: int(answer.result(REACH_TIMEOUT_S).offset)
        for place, answer in answers.items()
    }


def _search(
    consumer: Consumer,
    topic: str,
    begin: dict[int, int],
    end: dict[int, int],
    wanted: frozenset[str],
) -> SeenBefore | None:
    left = {number for number in begin if begin[number] < end[number]}
    consumer.assign([Place(topic, number, begin[number]) for number in left])
    while left:
        batch = consumer.consume(_BATCH, 0.2) or [consumer.poll(_STALL_TIMEOUT_S)]
        for message in batch:
            if message is None:
                raise KafkaRefused(f"{topic}: no records came within {_STALL_TIMEOUT_S:g} s")
            error, number = message.error(), message.partition()
            if error is not None and error.code() != KafkaError._PARTITION_EOF:
                raise KafkaRefused(f"{topic} cannot be read: {error.str()}")
            if error is not None or message.offset() + 1 >= end[number]:
                left.discard(number)
            swipe_id = None if error is not None else _swipe_id(message.value())
            if swipe_id in wanted:
                return SeenBefore(str(swipe_id), number, message.offset())
    return None


def _swipe_id(value: bytes | None) -> str | None:
    try:
        return _decode(value or b"").swipe_id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
