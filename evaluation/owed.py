"""What does any job owe to what stands on ``swipes``, whatever its rules are?

Nobody knows what another job should decide. But each swipe that keeps the contract must get an
answer, and one only: a decision, or a place on ``late-swipes`` or ``dead-letters`` where the job
writes these. The same id a second time is owed nothing (a job may pass repeats over), nor is a
record that keeps no contract, nor a clock record.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np

from evaluation.fates import EXAMPLES, Fault, outputs_of
from evaluation.history import FATE_TOPICS, NOWHERE, History, Int64s, SentTopic, unpack
from job.contracts import Swipe

_decode = msgspec.json.Decoder(Swipe).decode


class Owed(NamedTuple):
    """The swipes that are owed an answer.

    Attributes
    ----------
    position
        Of the first record of each swipe id, sorted.
    again
        Every later record of an id: its position and that of the first.
    ids
        Swipe id by position, of every record that keeps the contract.
    """

    position: Int64s
    again: dict[int, int]
    ids: dict[int, str]


class Answers(NamedTuple):
    """Counts of swipes and outputs, and examples."""

    owed: int
    missing: int
    repeated: int
    unexpected: int
    faults: list[Fault]


def owed_answers(sent: SentTopic) -> Owed:
    """Read off what stood on ``swipes``."""
    first: dict[str, int] = {}
    again: dict[int, int] = {}
    ids: dict[int, str] = {}
    for value, position in zip(sent.values.to_pylist(), sent.position.tolist(), strict=True):
        try:
            swipe_id = _decode(value or b"").swipe_id
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        ids[position] = swipe_id
        if first.setdefault(swipe_id, position) != position:
            again[position] = first[swipe_id]
    return Owed(np.sort(np.array(list(first.values()), dtype=np.int64)), again, ids)


def count_answers(history: History, sent: SentTopic, owed: Owed, view: str) -> Answers:
    """Hold what a view read against what is owed.

    Parameters
    ----------
    history
        The record of the run; the job writes ``decisions``.
    sent, owed
        Its ``swipes``, and what they are owed.
    view
        ``uncommitted`` or ``committed``.
    """
    written = outputs_of(history, view)
    positions, counts = np.unique(written.position, return_counts=True)
    # An answer to a later record of an id is one to the swipe.
    answered = [owed.again.get(position, position) for position in positions.tolist()]
    missing = np.setdiff1d(owed.position, np.array(answered, dtype=np.int64))
    nowhere = np.setdiff1d(positions, sent.swipe_positions)
    strange = np.union1d(nowhere, _of_another_swipe(history, owed, view))
    repeated = positions[counts > 1]
    faults = [
        Fault("missing", "decisions", *unpack(position), None, None, "", "no output")
        for position in missing[:EXAMPLES].tolist()
    ]
    for kind, places in (("repeated", repeated), ("unexpected", strange)):
        for position in places[:EXAMPLES].tolist():
            row = int(np.flatnonzero(written.position == position)[-1])
            topic = FATE_TOPICS[written.topic[row]]
            records, index = history.outputs[topic], int(written.row[row])
            place = int(records.partition[index]), int(records.offset[index])
            faults.append(Fault(kind, topic, *unpack(position), *place, "", ""))
    return Answers(
        owed=len(owed.position),
        missing=len(missing),
        repeated=int((counts - 1).sum()),
        unexpected=len(strange) + _unplaced(history, view),
        faults=faults,
    )


def _of_another_swipe(history: History, owed: Owed, view: str) -> Int64s:
    """Positions of decisions that name another swipe than the one that stands there."""
    decisions = history.outputs["decisions"]
    positions = history.source_positions("decisions")
    rows = np.flatnonzero((decisions.received_ns(view) > 0) & (positions != NOWHERE))
    wrong = [
        position
        for row, position in zip(rows.tolist(), positions[rows].tolist(), strict=True)
        # On a record that keeps no contract a job may decide all the same.
        if decisions.records[row].swipe_id
        != owed.ids.get(position, decisions.records[row].swipe_id)
    ]
    return np.array(sorted(set(wrong)), dtype=np.int64)


def _unplaced(history: History, view: str) -> int:
    """Decisions on a swipe that nobody sent."""
    decisions = history.outputs["decisions"]
    unplaced = history.source_positions("decisions") == NOWHERE
    readable = np.array([record is not None for record in decisions.records], dtype=np.bool_)
    return int((unplaced & readable & (decisions.received_ns(view) > 0)).sum())
