"""How is a recorded history tampered with, so that the rest of it stays as it was?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa

from evaluation.controls.base import CannotTry
from evaluation.controls.material import Material
from evaluation.history import Bools, History, Int64s, TopicRecords, integers

NANOS_PER_S: Final = 1_000_000_000
#: Of whatever a control draws at random.
SEED: Final = 20_240_701


def with_records(history: History, *changed: TopicRecords) -> History:
    """A history in which these topics hold other records."""
    outputs = history.outputs | {records.topic: records for records in changed}
    return replace(history, outputs=outputs, _positions={})


def every_topic(history: History, change: Callable[[TopicRecords], TopicRecords]) -> History:
    """A history in which all output topics were changed alike."""
    return with_records(history, *map(change, history.outputs.values()))


def kept(records: TopicRecords, rows: Int64s | Bools) -> TopicRecords:
    """Some of the records of a topic, in the order of the rows."""
    numbers = np.arange(len(records))[rows]
    return replace(
        records,
        partition=records.partition[rows],
        offset=records.offset[rows],
        record_time_ms=records.record_time_ms[rows],
        uncommitted_ns=records.uncommitted_ns[rows],
        committed_ns=records.committed_ns[rows],
        values=[records.values[row] for row in numbers.tolist()],
    )


def written_again(records: TopicRecords, rows: Int64s, later_ns: int) -> TopicRecords:
    """A topic on which some records stand a second time, behind all others of their partition.

    Parameters
    ----------
    rows
        Of the records that come again.
    later_ns
        How long after the first the second could be read.
    """
    again = kept(records, rows)
    offset = again.offset.copy()
    for partition in np.unique(again.partition).tolist():
        own = again.partition == partition
        after = int(records.offset[records.partition == partition].max()) + 1
        offset[own] = after + np.arange(int(own.sum()))
    again = replace(again, offset=offset)
    again = received(again, lambda received_ns: later(received_ns, later_ns))
    both = replace(
        records,
        partition=np.concatenate([records.partition, again.partition]),
        offset=np.concatenate([records.offset, again.offset]),
        record_time_ms=np.concatenate([records.record_time_ms, again.record_time_ms]),
        uncommitted_ns=np.concatenate([records.uncommitted_ns, again.uncommitted_ns]),
        committed_ns=np.concatenate([records.committed_ns, again.committed_ns]),
        values=records.values + again.values,
    )
    return kept(both, np.lexsort((both.offset, both.partition)).astype(np.int64))


def received(records: TopicRecords, change: Callable[[Int64s], Int64s]) -> TopicRecords:
    """A topic whose records were received at other times, in both views."""
    return replace(
        records,
        uncommitted_ns=change(records.uncommitted_ns),
        committed_ns=change(records.committed_ns),
    )


def later(received_ns: Int64s, by_ns: int) -> Int64s:
    """Receipts so much later; what was never received stays so."""
    return np.where(received_ns > 0, received_ns + by_ns, received_ns)


def held_back(records: TopicRecords, rows: Int64s, by_ns: int) -> TopicRecords:
    """A topic some records of which were received so much later, in both views."""

    def change(received_ns: Int64s) -> Int64s:
        changed = received_ns.copy()
        changed[rows] = later(changed[rows], by_ns)
        return changed

    return received(records, change)


def stood_still(history: History, begin_ns: int, end_ns: int) -> History:
    """A history in which nothing came out for a while, and then all of it at once."""
    return every_topic(
        history,
        lambda records: received(records, lambda at_ns: bunched(at_ns, begin_ns, end_ns)),
    )


def bunched(received_ns: Int64s, begin_ns: int, end_ns: int) -> Int64s:
    """Receipts as of a reader that stood still: all of the stall at its end."""
    return np.where((received_ns >= begin_ns) & (received_ns < end_ns), end_ns, received_ns)


def stalled_floor(floor: pa.Table | None, begin_ns: int, end_ns: int) -> pa.Table:
    """Plain round trips through Kafka whose reader stood still.

    Raises
    ------
    CannotTry
        If there are none.
    """
    if floor is None:
        raise CannotTry("the floor was not measured")
    at_ns = bunched(integers(floor, "received_ns"), begin_ns, end_ns)
    return pa.table({"sent_ns": floor.column("sent_ns"), "received_ns": at_ns})


def require_quiet(material: Material) -> None:
    """Check that nothing excuses a slow job in the unbroken history.

    Raises
    ------
    CannotTry
        If the machine was slow or taken away: a broken latency would be inconclusive, rightly.
    """
    latency = material.baseline.judge("latency")
    for name in ("floor_p99", "steal_share"):
        figure = None if latency is None else latency.figure(name)
        value = None if figure is None else figure.value
        if figure is None or not isinstance(value, int | float) or figure.threshold is None:
            raise CannotTry(f"{name} was not measured, which excuses a slow job")
        if value > figure.threshold:
            raise CannotTry(f"{name} is {value:g} {figure.unit}, which excuses a slow job")


def measured_span(history: History) -> tuple[int, int]:
    """From the end of the warm-up to the last intended send, on the monotonic clock, ns.

    Raises
    ------
    CannotTry
        If what was sent is not known.
    """
    sends = history.sends
    if sends is None or not len(sends.intended_ns):
        raise CannotTry("what was sent is unknown")
    first_ns = int(sends.intended_ns.min()) + int(history.facts.warm_up_ms * 1e6)
    return first_ns, int(sends.intended_ns.max())


def middle_of(history: History, seconds: float) -> tuple[int, int]:
    """So many seconds in the middle of the measured span, ns.

    Raises
    ------
    CannotTry
        If the span is not twice as long.
    """
    begin_ns, end_ns = measured_span(history)
    length_ns = int(seconds * NANOS_PER_S)
    if end_ns - begin_ns < 2 * length_ns:
        raise CannotTry(f"the measured span is shorter than {2 * seconds:g} s")
    at_ns = (begin_ns + end_ns - length_ns) // 2
    return at_ns, at_ns + length_ns


def judged_rows(history: History) -> Int64s:
    """Rows of the committed decisions on swipes of the measured span.

    Raises
    ------
    CannotTry
        If there are none.
    """
    begin_ns, end_ns = measured_span(history)
    decisions = history.outputs.get("decisions")
    rows: Int64s = np.empty(0, dtype=np.int64)
    if decisions is not None:
        is_judged = [record is not None and record.fate == "judged" for record in decisions.records]
        within = (decisions.uncommitted_ns >= begin_ns) & (decisions.uncommitted_ns <= end_ns)
        found = decisions.committed & within & np.array(is_judged, dtype=np.bool_)
        rows = np.flatnonzero(found).astype(np.int64)
    if not len(rows):
        raise CannotTry("no decision was committed in the measured span")
    return rows
