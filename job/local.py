"""What would the job write, without Flink?

The same engine over records in a file: the local run, and the oracle of the live one. The oracle
reads the ``swipes`` topic as it was really sent, in the order of each partition, so that it judges
what the job had to judge.

Between topics there is no order. Profiles come first here; a report comes after the first swipe of
its card that was made later, and what reports prove is asked when all else is known: a rule on
reports has to give the same answer whenever the job reads them.

    python -m job.local --records sent.parquet --profiles profiles.parquet --out expected.parquet
"""

from __future__ import annotations

import argparse
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from job.contracts import JudgedSwipe, Observation, Topics, WindowDrop, WindowKind
from job.engine.card_engine import CardEngine, Output, Source
from job.engine.card_state import CardState
from job.engine.event_windows import DEFAULT_WINDOWS, EventWindows, parse_windows
from job.engine.settings import NO_EVENT_TIME_LIMIT_MS, EngineSettings
from job.engine.window_engine import EntityState, WindowEngine
from job.rules.base import Rule
from job.rules.parameters import DEFAULT_FILE, ParametersError, load_rules

#: Written where an output has no one source record.
NO_SOURCE: Final = -1
#: No window ever closes in a local run: what Flink dropped is left out by name instead.
_BEFORE_ALL_TIME_MS: Final = -(1 << 62)
_CHUNK: Final = 50_000
_SCHEMA: Final = pa.schema(
    [
        ("topic", pa.string()),
        ("key", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("value", pa.binary()),
    ]
)

Progress = Callable[[int, int], None]


class Record(NamedTuple):
    """One record of ``swipes`` or ``fraud-reports``, in the order of its partition."""

    partition: int
    offset: int
    record_time_ms: int
    key: str
    value: bytes


class LocalJob:
    """The job's logic, one process, all state in memory.

    Parameters
    ----------
    rules, settings
        As the job runs with.
    dropped
        (rule or kind of window, swipe id) of what a closed window dropped on the cluster; it is
        left out here, because which ones those are depends on how partitions interleave.
    windows
        Event-time windows to count.
    """

    def __init__(
        self,
        rules: list[Rule],
        settings: EngineSettings,
        dropped: Set[tuple[str, str]] = frozenset(),
        windows: Sequence[WindowKind] = (),
    ) -> None:
        self.topics = Topics.with_prefix()
        self.cards = CardEngine(rules, settings, self.topics)
        self.windows = WindowEngine(rules, settings, self.topics)
        self.event_windows = EventWindows(windows, dropped)
        self._dropped = dropped
        self._card_states: dict[str, CardState] = {}
        self._entity_states: dict[tuple[str, str], EntityState] = {}
        self._reports: dict[str, deque[Record]] = {}
        self._reported: list[Observation] = []

    def load_profile(self, key: str, value: bytes) -> list[Output]:
        """Take one card profile; gives a dead letter where it cannot be read."""
        source = Source(self.topics.card_profiles, NO_SOURCE, NO_SOURCE)
        observations: list[Observation] = []
        outputs = self.cards.load_profile(value, key, self._card(key), source, observations)
        for observation in observations:
            outputs += self._across_cards(observation)
        return outputs

    def expect_reports(self, records: Iterable[Record]) -> None:
        """Take the fraud reports of the whole run; each comes when its card's time has come."""
        for record in sorted(records, key=attrgetter("record_time_ms", "partition", "offset")):
            self._reports.setdefault(record.key, deque()).append(record)

    def process(self, record: Record) -> Iterator[tuple[Source, Output]]:
        """Take one record; gives what the job has to write for it, with its source."""
        source = Source(self.topics.swipes, record.partition, record.offset)
        observations: list[Observation] = []
        judged: list[JudgedSwipe] = []
        card = self._card(record.key)
        for output in self.cards.process(
            record.value,
            record.key,
            record.record_time_ms,
            source,
            card,
            observations,
            judged,
        ):
            yield source, output
        for swipe in judged:
            self.event_windows.add(swipe)
        for observation in observations:
            for output in self._across_cards(observation):
                yield Source(self.topics.swipes, NO_SOURCE, NO_SOURCE), output
        if self._reports:
            yield from self._reports_until(record.key, card.high_event_time_ms)

    def finish(self) -> Iterator[tuple[Source, Output]]:
        """What is left when the stream has ended: reports, and what event-time windows hold."""
        for key in list(self._reports):
            yield from self._reports_until(key, NO_EVENT_TIME_LIMIT_MS)
        nowhere = Source(self.topics.swipes, NO_SOURCE, NO_SOURCE)
        for observation in sorted(self._reported, key=attrgetter("event_time_ms")):
            for output in self._across_cards(observation):
                yield nowhere, output
        for output in self.event_windows.outputs(self.topics):
            yield nowhere, output

    def _reports_until(self, key: str, time_ms: int) -> Iterator[tuple[Source, Output]]:
        waiting = self._reports.get(key)
        while waiting and waiting[0].record_time_ms <= time_ms:
            report = waiting.popleft()
            source = Source(self.topics.fraud_reports, report.partition, report.offset)
            for output in self.cards.load_report(
                report.value,
                key,
                report.record_time_ms,
                source,
                self._card(key),
                self._reported,
            ):
                # A place says where on `swipes` an output has its source.
                yield Source(source.topic, NO_SOURCE, NO_SOURCE), output

    def _across_cards(self, observation: Observation) -> list[Output]:
        if (observation.rule, observation.swipe_id) in self._dropped:
            return []
        key = (observation.rule, observation.entity_id)
        entity = self._entity_states.setdefault(key, EntityState())
        return self.windows.process(observation, _BEFORE_ALL_TIME_MS, entity)

    def _card(self, key: str) -> CardState:
        state = self._card_states.get(key)
        if state is None:
            state = self._card_states[key] = CardState()
        return state


def read_records(file: Path) -> Iterator[Record]:
    """Records of a Parquet file with partition, offset, record_time_ms, key and value.

    A null key is an empty one and bytes that are no UTF-8 are replaced, as in the job's source.
    """
    reader = pq.ParquetFile(file)
    names = ["partition", "offset", "record_time_ms", "key", "value"]
    for batch in reader.iter_batches(batch_size=_CHUNK, columns=names):
        columns = [batch.column(name).to_pylist() for name in names]
        for partition, offset, time_ms, key, value in zip(*columns, strict=True):
            yield Record(partition, offset, time_ms, _key_text(key), value or b"")


def _key_text(key: bytes | str | None) -> str:
    if key is None:
        return ""
    return key if isinstance(key, str) else key.decode("utf-8", errors="replace")


def run_file(
    job: LocalJob,
    records: Iterable[Record],
    record_count: int,
    profiles: Path | None,
    out: Path,
    progress: Progress | None = None,
) -> int:
    """Run the engine over records and write what the job has to write.

    Parameters
    ----------
    out
        Parquet with topic, key, partition, offset (of the source; -1 where there is no single
        one) and value. Appears only when complete.

    Returns
    -------
    int
        Number of outputs.
    """
    partial = out.with_name(out.name + ".partial")
    written = 0
    try:
        with pq.ParquetWriter(partial, _SCHEMA, compression="zstd") as writer:
            rows: list[tuple[str, str, int, int, bytes]] = []
            for key, value in _profiles(profiles):
                for output in job.load_profile(key, value):
                    rows.append((output.topic, output.key, NO_SOURCE, NO_SOURCE, output.value))
            for done, record in enumerate(records, start=1):
                for source, output in job.process(record):
                    rows.append(
                        (output.topic, output.key, source.partition, source.offset, output.value)
                    )
                if len(rows) >= _CHUNK:
                    written += _write(writer, rows)
                    if progress is not None:
                        progress(done, record_count)
            for source, output in job.finish():
                rows.append(
                    (output.topic, output.key, source.partition, source.offset, output.value)
                )
            written += _write(writer, rows)
            if progress is not None:
                progress(record_count, record_count)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
    return written


def _profiles(file: Path | None) -> Iterator[tuple[str, bytes]]:
    if file is None:
        return
    for batch in pq.ParquetFile(file).iter_batches(
        batch_size=_CHUNK, columns=["card_token", "value"]
    ):
        yield from zip(
            batch.column("card_token").to_pylist(), batch.column("value").to_pylist(), strict=True
        )


def _write(writer: pq.ParquetWriter, rows: list[Any]) -> int:
    count = len(rows)
    columns = [[row[index] for row in rows] for index in range(len(_SCHEMA))]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)]
    writer.write_table(pa.table(arrays, schema=_SCHEMA))
    rows.clear()
    return count


def read_dropped(observed: Path) -> frozenset[tuple[str, str]]:
    """(rule or kind of window, swipe id) of every record on ``window-drops`` in a history."""
    table = pq.read_table(
        observed,
        columns=["value"],
        filters=[("topic", "=", "window-drops"), ("view", "=", "committed")],
    )
    decode = msgspec.json.Decoder(WindowDrop).decode
    found = set()
    for value in table.column("value").to_pylist():
        try:
            drop = decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        found.add((drop.rule or drop.window, drop.swipe_id))
    return frozenset(found)


def main(arguments: list[str]) -> int:
    """Run from the command line; progress as lines ``done total`` on standard output."""
    parser = argparse.ArgumentParser(prog="python -m job.local", description=__doc__)
    parser.add_argument("--records", type=Path, required=True, help="swipes as sent, Parquet")
    parser.add_argument("--profiles", type=Path, help="card profiles, Parquet")
    parser.add_argument(
        "--reports", type=Path, help="fraud reports as sent; reports.parquet beside the records"
    )
    parser.add_argument("--observed", type=Path, help="history whose window drops are left out")
    parser.add_argument("--rules", type=Path, default=DEFAULT_FILE, help="parameters, TOML")
    parser.add_argument("--event-time-limit-ms", type=int, default=NO_EVENT_TIME_LIMIT_MS)
    parser.add_argument("--lateness-ms", type=int, default=30_000)
    parser.add_argument(
        "--windows", default=",".join(DEFAULT_WINDOWS), help="event-time windows to count, or none"
    )
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    try:
        rules = load_rules(given.rules)
        windows = parse_windows(given.windows)
    except (ParametersError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    settings = EngineSettings(
        lateness_ms=given.lateness_ms, event_time_limit_ms=given.event_time_limit_ms
    )
    dropped = read_dropped(given.observed) if given.observed else frozenset()
    job = LocalJob(rules, settings, dropped, windows)
    # By its name where it is not given: whoever starts an older checkout need not know whether
    # that takes reports.
    reports = given.reports or given.records.with_name("reports.parquet")
    if given.reports or reports.exists():
        job.expect_reports(read_records(reports))

    def progress(done: int, total: int) -> None:
        sys.stdout.write(f"{done} {total}\n")
        sys.stdout.flush()

    total = pq.ParquetFile(given.records).metadata.num_rows
    run_file(job, read_records(given.records), total, given.profiles, given.out, progress)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
