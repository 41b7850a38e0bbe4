"""What did the readers see, as columns?

Loads a run folder once; every judge shares the result. A record of an output topic is one
(topic, partition, offset): both views read the same bytes, so it is decoded once and carries when
each view first saw it. Positions on the ``swipes`` topic are packed into one integer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from evaluation.decoding import TOPICS, Decoded, decode_all, is_clock, swipe_id_of
from evaluation.matching import join_by_swipe_id, look_up, positions_by_id
from evaluation.run_folder import RunFacts, read_facts
from job.contracts import DeadLetter

Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: Bits of a packed position that hold the offset; the partition stands above them.
_OFFSET_BITS: Final = 44
#: Packed position of a record that does not say where its swipe stood.
NOWHERE: Final = -1
#: The topics of which each record stands for one record of ``swipes``.
FATE_TOPICS: Final = ("decisions", "late-swipes", "dead-letters")


def pack(partition: Any, offset: Any) -> Int64s:
    """Positions as integers that sort by partition, then offset; ``NOWHERE`` below zero."""
    partitions = np.asarray(partition, dtype=np.int64)
    offsets = np.asarray(offset, dtype=np.int64)
    packed = (partitions << _OFFSET_BITS) | offsets
    return np.where((partitions < 0) | (offsets < 0), NOWHERE, packed)


def unpack(position: int) -> tuple[int, int]:
    """Partition and offset of a packed position.

    Examples
    --------
    >>> unpack(int(pack(3, 70)))
    (3, 70)
    """
    return position >> _OFFSET_BITS, position & ((1 << _OFFSET_BITS) - 1)


@dataclass(frozen=True)
class TopicRecords:
    """The records of one output topic, by partition and offset.

    Attributes
    ----------
    uncommitted_ns, committed_ns
        When each view first received the record (monotonic clock); 0 where it never did.
    """

    topic: str
    partition: Int64s
    offset: Int64s
    record_time_ms: Int64s
    uncommitted_ns: Int64s
    committed_ns: Int64s
    values: list[bytes | None]

    def __len__(self) -> int:
        return len(self.partition)

    @cached_property
    def decoded(self) -> Decoded:
        """The records, decoded."""
        return decode_all(self.topic, self.values)

    @property
    def records(self) -> list[Any]:
        """The records in order; None where damaged."""
        return self.decoded.records

    @property
    def committed(self) -> Bools:
        """Whether a reader of committed records saw it."""
        committed: Bools = self.committed_ns > 0
        return committed

    def received_ns(self, view: str) -> Int64s:
        """When a view first received each record; 0 where it never did."""
        return self.uncommitted_ns if view == "uncommitted" else self.committed_ns

    @cached_property
    def positions(self) -> Int64s:
        """Packed source positions on ``swipes``; ``NOWHERE`` where a record does not say."""
        places = [_source(record) for record in self.records]
        if not places:
            return np.empty(0, dtype=np.int64)
        columns = np.array(places, dtype=np.int64)
        return pack(columns[:, 0], columns[:, 1])


#: Topics that the job reads beside ``swipes``; a dead letter of theirs stands for no swipe.
_NOT_OF_SWIPES: Final = ("card-profiles", "rules", "fraud-reports")


def _source(record: Any) -> tuple[int, int]:
    offset = getattr(record, "offset", -1)
    if offset < 0:
        return -1, -1
    topic = getattr(record, "topic", None)
    if topic is not None and topic.endswith(_NOT_OF_SWIPES):
        return -1, -1
    return record.partition, offset


def is_profile_letter(record: Any) -> bool:
    """Whether a dead letter came from card profiles or fraud reports: it stands for no swipe."""
    topics = ("card-profiles", "fraud-reports")
    return isinstance(record, DeadLetter) and record.topic.endswith(topics)


def is_rule_letter(record: Any) -> bool:
    """Whether a dead letter came from a change of the rules, and so stands for no swipe."""
    return isinstance(record, DeadLetter) and record.topic.endswith("rules")


@dataclass(frozen=True)
class Sends:
    """The send log as columns; ``position`` is ``NOWHERE`` for what was never delivered.

    Attributes
    ----------
    due_ns
        When the replay's own schedule has each, after its start; below zero for what it has not.
        None where the replay is not there.
    planned
        Records in the replay's schedule; None where it is not there.
    """

    intended_ns: Int64s
    actual_ns: Int64s
    delivered_ns: Int64s
    position: Int64s
    errors: int
    due_ns: Int64s | None = None
    planned: int | None = None

    @property
    def delivered(self) -> Bools:
        """Whether Kafka acknowledged it."""
        delivered: Bools = self.position != NOWHERE
        return delivered


@dataclass(frozen=True)
class SentTopic:
    """The ``swipes`` topic as it was after the run, by position."""

    position: Int64s
    clock: Bools
    values: pa.ChunkedArray

    @property
    def swipe_positions(self) -> Int64s:
        """Positions of everything that must have a fate."""
        return self.position[~self.clock]


@dataclass(frozen=True)
class Expected:
    """What should have been written, by topic."""

    position: dict[str, Int64s]
    values: dict[str, list[bytes | None]]
    _decoded: dict[str, Decoded] = field(default_factory=dict)

    def records(self, topic: str) -> list[Any]:
        """The expected records of a topic, decoded."""
        if topic not in self._decoded:
            self._decoded[topic] = decode_all(topic, self.values.get(topic, []))
        return self._decoded[topic].records

    def positions(self, topic: str) -> Int64s:
        """Their source positions."""
        return self.position.get(topic, np.empty(0, dtype=np.int64))

    @cached_property
    def judged(self) -> Int64s:
        """Positions whose fate is ``judged``, sorted."""
        fates = [
            record is not None and record.fate == "judged" for record in self.records("decisions")
        ]
        return np.sort(self.positions("decisions")[np.array(fates, dtype=bool)])


@dataclass(frozen=True)
class History:
    """Everything a judge may look at; a part that is not there is None and named in ``problems``.

    Attributes
    ----------
    outputs
        Records by unprefixed topic; every declared topic is there, empty if nothing was read.
    floor
        Columns ``sent_ns`` and ``received_ns`` of plain round trips through Kafka.
    lag
        Columns ``time_ns``, ``end_offset_sum`` and, if it could be had, ``read_offset_sum``.
    labels, incidents
        The replay's tables.
    """

    facts: RunFacts
    outputs: dict[str, TopicRecords]
    sends: Sends | None
    sent: SentTopic | None
    expected: Expected | None
    floor: pa.Table | None
    lag: pa.Table | None
    labels: pa.Table | None
    incidents: pa.Table | None
    problems: list[str]
    _positions: dict[str, Int64s] = field(default_factory=dict)

    def source_positions(self, topic: str) -> Int64s:
        """Where on ``swipes`` each record of an output topic comes from, packed.

        A job that leaves partition and offset out is joined by swipe id.
        """
        if topic not in self._positions:
            records = self.outputs[topic]
            unplaced = records.positions == NOWHERE
            positions = records.positions
            if unplaced.any():
                ids = [swipe_id_of(record) for record in records.records]
                if any(ids):
                    joined = join_by_swipe_id(ids, records.committed, self._known_ids(topic))
                    positions = np.where(unplaced, joined, positions)
            self._positions[topic] = positions
        return self._positions[topic]

    def _known_ids(self, topic: str) -> dict[str, list[int]]:
        if self.expected is not None:
            expected = self.expected.records(topic)
            return positions_by_id(
                map(swipe_id_of, expected), self.expected.positions(topic).tolist()
            )
        if self.sent is None:
            return {}
        values = decode_all("swipe-ids", self.sent.values.to_pylist()).records
        return positions_by_id(map(swipe_id_of, values), self.sent.position.tolist())

    def writes(self, topic: str) -> bool:
        """Whether the job under test writes this topic at all."""
        return topic in self.outputs


def load_history(folder: Path) -> History:
    """Load and decode a run folder.

    Parameters
    ----------
    folder
        With ``run.json``, ``sends.parquet``, ``history/`` and the replay.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    """
    facts = read_facts(folder)
    problems = list(facts.problems)
    recorded, replay = folder / "history", facts.replay_folder
    sends = _table(folder / "sends.parquet", problems)
    sent = _table(recorded / "sent.parquet", problems)
    expected_file = recorded / "expected.parquet"
    # What another job should write is in no file, unless it claims to follow our rules.
    unaided = facts.job.external and not expected_file.exists()
    expected = None if unaided else _table(expected_file, problems)
    observed = _table(recorded / "observed.parquet", problems)
    return History(
        facts=facts,
        outputs={} if observed is None else topic_records(observed, facts.job.topics),
        sends=None if sends is None else _sends(sends, _schedule(replay)),
        sent=None if sent is None else _sent(sent),
        expected=None if expected is None else expected_records(expected),
        floor=_table(recorded / "floor.parquet", problems),
        lag=_table(recorded / "lag.parquet", problems),
        labels=_table(replay / "labels.parquet", problems),
        incidents=_table(replay / "incidents.parquet", problems),
        problems=problems,
    )


def _table(file: Path, problems: list[str]) -> pa.Table | None:
    try:
        return pq.read_table(file)
    except FileNotFoundError:
        problems.append(f"{file.name} is missing")
    except (pa.ArrowException, OSError) as error:
        problems.append(f"{file.name} is unreadable: {error}")
    return None


def integers(table: pa.Table, column: str) -> Int64s:
    """A column as int64; nulls are -1."""
    filled = pc.fill_null(table.column(column), -1)
    return np.asarray(filled.to_numpy(), dtype=np.int64)


def topic_records(observed: pa.Table, topics: Sequence[str]) -> dict[str, TopicRecords]:
    """Fold both views of ``observed.parquet`` into one row a record.

    Parameters
    ----------
    observed
        As the collector wrote it.
    topics
        The topics to look for; one without a row gives an empty entry.
    """
    with duckdb.connect() as connection:
        connection.register("observed", observed)
        folded = connection.sql(
            'SELECT topic, "partition", "offset", min(record_time_ms) AS record_time_ms,'
            " coalesce(min(received_ns) FILTER (view = 'uncommitted'), 0) AS uncommitted_ns,"
            " coalesce(min(received_ns) FILTER (view = 'committed'), 0) AS committed_ns,"
            " arg_min(value, view) AS value"  # where they differ, what was committed counts
            " FROM observed GROUP BY ALL ORDER BY 1, 2, 3"
        ).to_arrow_table()
    by_topic = {}
    for topic in TOPICS.intersection(topics):
        rows = folded.filter(pc.equal(folded.column("topic"), topic))
        by_topic[topic] = TopicRecords(
            topic=topic,
            partition=integers(rows, "partition"),
            offset=integers(rows, "offset"),
            record_time_ms=integers(rows, "record_time_ms"),
            uncommitted_ns=integers(rows, "uncommitted_ns"),
            committed_ns=integers(rows, "committed_ns"),
            values=rows.column("value").to_pylist(),
        )
    return by_topic


def _schedule(replay: Path) -> pa.Table | None:
    """When the replay wants each record sent; None where it is not there, or has no schedule."""
    try:
        return pq.read_table(replay / "records.parquet", columns=["index", "due_us"])
    except (pa.ArrowException, OSError):
        return None


def _sends(table: pa.Table, schedule: pa.Table | None) -> Sends:
    due_ns = None
    if schedule is not None:
        wanted = integers(table, "index")
        due_ns = look_up(
            wanted, integers(schedule, "index"), integers(schedule, "due_us") * 1000, absent=-1
        )
    delivered_ns = integers(table, "delivered_ns")
    position = pack(integers(table, "partition"), integers(table, "offset"))
    failed = (delivered_ns <= 0) | table.column("error").is_valid().to_numpy()
    return Sends(
        intended_ns=integers(table, "intended_ns"),
        actual_ns=integers(table, "actual_ns"),
        delivered_ns=delivered_ns,
        position=np.where(failed, NOWHERE, position),
        errors=int(failed.sum()),
        due_ns=due_ns,
        planned=None if schedule is None else len(schedule),
    )


def _sent(table: pa.Table) -> SentTopic:
    values = table.column("value")
    # Only what names the clock record's own field can be one: few, so they are decoded one by one.
    candidates = pc.fill_null(pc.match_substring(values, "clock_time_ms"), False).to_numpy()
    clock = np.zeros(len(table), dtype=bool)
    for row in np.flatnonzero(candidates).tolist():
        clock[row] = is_clock(values[row].as_py())
    position = pack(integers(table, "partition"), integers(table, "offset"))
    return SentTopic(position=position, clock=clock, values=values)


def expected_records(table: pa.Table) -> Expected:
    """``expected.parquet`` by topic, in the file's order."""
    positions, values = {}, {}
    topics = table.column("topic")
    for topic in pc.unique(topics).to_pylist():
        rows = table.filter(pc.equal(topics, topic))
        positions[topic] = pack(integers(rows, "partition"), integers(rows, "offset"))
        values[topic] = rows.column("value").to_pylist()
    return Expected(position=positions, values=values)
