"""What would a reader have seen, had the job written something else at the same moments?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evaluation.controls.tampering import with_records
from evaluation.history import FATE_TOPICS, NOWHERE, Expected, History, Int64s, TopicRecords
from evaluation.matching import look_up

#: Topics whose records an engine's file can stand for.
TOPICS = (*FATE_TOPICS, "alerts")


def written_instead(history: History, outputs: Expected) -> History:
    """A history whose outputs are an engine's, each seen when the job's output on its swipe was.

    What has no swipe of its own, such as an alert across cards, is seen with the last output.
    """
    seen = _first_seen(history)
    return with_records(history, *_topics(history, outputs, seen))


def _first_seen(history: History) -> tuple[Int64s, Int64s, Int64s, Int64s]:
    """Source positions, sorted; when both views saw the output on each, and its partition."""
    positions, uncommitted, committed, partitions = [], [], [], []
    for topic in FATE_TOPICS:
        if history.writes(topic):
            records = history.outputs[topic]
            positions.append(history.source_positions(topic))
            uncommitted.append(records.uncommitted_ns)
            committed.append(records.committed_ns)
            partitions.append(records.partition)
    position = np.concatenate(positions)
    unique, first = np.unique(position, return_index=True)
    columns = (np.concatenate(each)[first] for each in (uncommitted, committed, partitions))
    return unique, *columns  # type: ignore[return-value]


def _topics(
    history: History, outputs: Expected, seen: tuple[Int64s, Int64s, Int64s, Int64s]
) -> Iterator[TopicRecords]:
    keys, uncommitted, committed, partitions = seen
    last = int(uncommitted.max()), int(committed.max())
    for topic in TOPICS:
        if not history.writes(topic):
            continue
        positions = outputs.positions(topic)
        partition = look_up(positions, keys, partitions, absent=0)
        unplaced = positions == NOWHERE
        uncommitted_ns = look_up(positions, keys, uncommitted, absent=0)
        committed_ns = look_up(positions, keys, committed, absent=0)
        order = np.argsort(partition, kind="stable")
        partition = partition[order]
        values = outputs.values.get(topic, [])
        yield TopicRecords(
            topic=topic,
            partition=partition,
            offset=_counted(partition),
            record_time_ms=np.zeros(len(order), dtype=np.int64),
            uncommitted_ns=np.where(unplaced, last[0], uncommitted_ns)[order],
            committed_ns=np.where(unplaced, last[1], committed_ns)[order],
            values=[values[row] for row in order.tolist()],
        )


def _counted(partition: Int64s) -> Int64s:
    """Offsets from 0 on within each partition, of rows sorted by partition."""
    begins = np.searchsorted(partition, partition, side="left")
    return np.arange(len(partition), dtype=np.int64) - begins
