"""Does each swipe have the one output it should have?

Compares, by source position, what a view read with what should have been written.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from evaluation.decoding import same_content
from evaluation.history import FATE_TOPICS, NOWHERE, Bools, Expected, History, Int64s, unpack
from evaluation.matching import first_received

#: Examples kept of each kind of fault.
EXAMPLES: Final = 20


class Fault(NamedTuple):
    """One example of what went wrong, by positions a person can look up."""

    kind: str
    topic: str
    source_partition: int | None
    source_offset: int | None
    output_partition: int | None
    output_offset: int | None
    key: str
    detail: str


class Outputs(NamedTuple):
    """Outputs of one view that stand for swipes: position, topic (index), row in that topic."""

    position: Int64s
    topic: Int64s
    row: Int64s


class FateComparison(NamedTuple):
    """Counts of records, and examples."""

    expected: int
    written: int
    missing: int
    repeated: int
    unexpected: int
    different: int
    faults: list[Fault]


def outputs_of(history: History, view: str) -> Outputs:
    """The outputs that a view read and that say (or let one find) which swipe they stand for."""
    parts: list[tuple[Int64s, Int64s, Int64s]] = []
    for index, topic in enumerate(FATE_TOPICS):
        if history.writes(topic):
            positions = history.source_positions(topic)
            seen = (history.outputs[topic].received_ns(view) > 0) & (positions != NOWHERE)
            rows = np.flatnonzero(seen).astype(np.int64)
            parts.append((positions[rows], np.full(len(rows), index, dtype=np.int64), rows))
    if not parts:
        empty = np.empty(0, dtype=np.int64)
        return Outputs(empty, empty, empty)
    return Outputs(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def first_outputs(history: History, view: str) -> tuple[Int64s, Int64s]:
    """The swipes that have an output in a view, by position, and when the first could be read."""
    written = outputs_of(history, view)
    times = np.zeros(len(written.position), dtype=np.int64)
    for index, topic in enumerate(FATE_TOPICS):
        rows = written.topic == index
        if rows.any():
            times[rows] = history.outputs[topic].received_ns(view)[written.row[rows]]
    return first_received(written.position, times)


def expected_fates(expected: Expected) -> Outputs:
    """What should have been written, sorted by position."""
    parts = []
    for index, topic in enumerate(FATE_TOPICS):
        positions = expected.positions(topic)
        rows = np.flatnonzero(positions != NOWHERE).astype(np.int64)
        parts.append((positions[rows], np.full(len(rows), index, dtype=np.int64), rows))
    joined = Outputs(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    order = np.argsort(joined.position, kind="stable")
    return Outputs(*(column[order] for column in joined))


def compare_fates(history: History, expected: Expected, view: str) -> FateComparison:
    """Hold the outputs of a view against what should have been written.

    Parameters
    ----------
    history
        The record of the run.
    expected
        Of the oracle; one output a position.
    view
        ``uncommitted`` or ``committed``.
    """
    wanted = expected_fates(expected)
    written = outputs_of(history, view)
    # What belongs on a topic that the job does not write cannot be asked of it.
    asked = np.isin(
        wanted.topic, [i for i, topic in enumerate(FATE_TOPICS) if history.writes(topic)]
    )
    not_asked = wanted.position[~asked]
    keep = ~np.isin(written.position, not_asked)
    written = Outputs(*(column[keep] for column in written))
    wanted = Outputs(*(column[asked] for column in wanted))
    known = np.isin(written.position, wanted.position)
    positions, counts = np.unique(written.position[known], return_counts=True)
    missing = np.setdiff1d(wanted.position, positions)
    different, faults = _different(history, expected, wanted, written, known)
    faults += _missing_examples(expected, wanted, missing)
    faults += _output_examples(history, "repeated", written, _later_ones(written, known))
    faults += _output_examples(history, "unexpected", written, np.flatnonzero(~known))
    return FateComparison(
        expected=len(wanted.position),
        written=len(written.position),
        missing=len(missing),
        repeated=int((counts - 1).sum()),
        unexpected=int((~known).sum()),
        different=different,
        faults=faults,
    )


def _different(
    history: History, expected: Expected, wanted: Outputs, written: Outputs, known: Bools
) -> tuple[int, list[Fault]]:
    """Outputs that stand for the right swipe and say something else."""
    rows = np.flatnonzero(known)
    at = np.searchsorted(wanted.position, written.position[rows])
    count = 0
    faults: list[Fault] = []
    places = zip(
        rows.tolist(),
        written.topic[rows].tolist(),
        written.row[rows].tolist(),
        wanted.topic[at].tolist(),
        wanted.row[at].tolist(),
        strict=True,
    )
    for row, topic_index, index, wanted_topic_index, wanted_index in places:
        topic, wanted_topic = FATE_TOPICS[topic_index], FATE_TOPICS[wanted_topic_index]
        value = history.outputs[topic].values[index]
        wanted_value = expected.values[wanted_topic][wanted_index]
        if topic == wanted_topic and (
            value == wanted_value or same_content(topic, value, wanted_value)
        ):
            continue
        count += 1
        if len(faults) < EXAMPLES:
            detail = f"expected on {wanted_topic}: {_text(wanted_value)}; written: {_text(value)}"
            faults.append(_fault(history, "different", written, row, detail))
    return count, faults


def _later_ones(written: Outputs, known: Bools) -> Int64s:
    """Rows of every output on a swipe after its first."""
    rows = np.flatnonzero(known)
    _, first = np.unique(written.position[rows], return_index=True)
    return np.delete(rows, first)


def _missing_examples(expected: Expected, wanted: Outputs, missing: Int64s) -> list[Fault]:
    faults = []
    for position in missing[:EXAMPLES].tolist():
        row = int(np.searchsorted(wanted.position, position))
        topic = FATE_TOPICS[wanted.topic[row]]
        value = expected.values[topic][int(wanted.row[row])]
        partition, offset = unpack(position)
        faults.append(
            Fault("missing", topic, partition, offset, None, None, "", f"expected: {_text(value)}")
        )
    return faults


def _output_examples(history: History, kind: str, written: Outputs, rows: Int64s) -> list[Fault]:
    return [_fault(history, kind, written, row, "") for row in rows[:EXAMPLES].tolist()]


def _fault(history: History, kind: str, written: Outputs, row: int, detail: str) -> Fault:
    topic = FATE_TOPICS[written.topic[row]]
    records, index = history.outputs[topic], int(written.row[row])
    source = unpack(int(written.position[row]))
    return Fault(
        kind,
        topic,
        *source,
        int(records.partition[index]),
        int(records.offset[index]),
        "",
        detail or f"written: {_text(records.values[index])}",
    )


def _text(value: bytes | None) -> str:
    return "" if value is None else value[:300].decode("utf-8", "replace")
