"""What did the job write, and when could a reader see it?

Run as a process of its own, ``python -m evaluation.collect``: two readers, of everything and of
committed records, over all outputs of a run from their beginning, in one process with a thread
each. It ends on SIGTERM (exit code 0) or SIGINT (130), when its parent is gone, or when the
outputs were still for ``--until-quiet-ms``; first it reads on to where the outputs end at that
moment. Beside ``observed.parquet`` it writes ``lag.parquet``, ``floor.parquet`` and
``collect.json``; while it runs, ``collect-status.json`` is replaced every 0.2 s, and
``glance.json`` every second.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import typer
from confluent_kafka.admin import AdminClient

from evaluation.collect_status import CollectOrder, CollectStatus, ViewStatus
from evaluation.floor import FloorProbe, write_floor
from evaluation.glance import GLANCE_FILE, Glances
from evaluation.observed_file import ObservedFile
from evaluation.offsets import (
    REQUEST_TIMEOUT_S,
    Ends,
    Partition,
    group_offset_sum,
    partitions_of,
    read_ends,
)
from evaluation.view_reader import VIEWS, View, ViewReader, open_consumer
from generator.client_file import read_client_file
from generator.committed_offsets import CommittedOffsets
from generator.kafka_client import (
    KafkaRefused,
    KafkaUnreachable,
    parse_settings,
    require_broker,
)
from generator.whole_file import whole_file, write_whole
from job.contracts import Topics

STATUS_FILE: Final = "collect-status.json"
SUMMARY_FILE: Final = "collect.json"
#: Topics whose records each stand for one record of ``swipes`` that is dealt with.
_FATE_TOPICS: Final = ("decisions", "late-swipes", "dead-letters")
_STATUS_EVERY_S: Final = 0.2
_LAG_EVERY_NS: Final = 500_000_000
#: Longest read-on to the end of the outputs after the order to stop, in seconds. A choice.
DRAIN_TIMEOUT_S: Final = 20.0
#: A commit is confirmed before its markers are on all partitions: so long an open transaction
#: may still become visible. A choice.
COMMIT_GRACE_S: Final = 2.0

LAG_SCHEMA: Final = pa.schema(
    [
        ("time_ns", pa.int64()),
        ("end_offset_sum", pa.int64()),
        ("read_offset_sum", pa.int64()),
        ("fates_uncommitted", pa.int64()),
        ("fates_committed", pa.int64()),
        ("decisions_uncommitted", pa.int64()),
    ]
)


class Collector:
    """Both readers, the file they fill and what is known of their progress.

    Parameters
    ----------
    order
        What to collect.

    Raises
    ------
    KafkaUnreachable, KafkaRefused
        When no broker answers or a topic does not exist.
    """

    def __init__(self, order: CollectOrder) -> None:
        self._order = order
        topics = Topics.with_prefix(order.prefix)
        self._admin: AdminClient = require_broker(order.bootstrap, order.kafka_config)
        self._group = (
            CommittedOffsets(order.bootstrap, order.group, order.kafka_config)
            if order.group
            else None
        )
        self._swipes = partitions_of(self._admin, [topics.swipes])
        written = self._written(topics)
        self._outputs = partitions_of(self._admin, written)
        names = [self._unprefixed(topic) for topic in written]
        self._names = dict(zip(written, names, strict=True))
        self._file = ObservedFile(order.out / "observed.parquet", names)
        codes = {topic: code for code, topic in enumerate(written)}
        self._ends = read_ends(self._admin, [*self._outputs, *self._swipes])
        begin = self._ends.end if order.from_now else dict.fromkeys(self._ends.end, 0)
        self._swipes_begin = sum(begin[place] for place in self._swipes)
        self._readers: dict[View, ViewReader] = {
            view: ViewReader(
                view,
                open_consumer(order.bootstrap, view, order.kafka_config),
                {place: begin[place] for place in self._outputs},
                codes,
                self._file.sink,
            )
            for view in VIEWS
        }
        self._glances = Glances(
            order.out / GLANCE_FILE,
            self._readers,
            {self._names[topic]: code for topic, code in codes.items()},
        )
        self._floor = (
            FloorProbe(
                order.bootstrap, order.prefix, extra=order.kafka_config, existing=order.from_now
            )
            if order.floor
            else None
        )
        self._request_problem: str | None = None
        self._moved: tuple[Any, ...] = ()
        self._moved_ns = time.monotonic_ns()
        self._lag: list[tuple[int | None, ...]] = []

    def _written(self, topics: Topics) -> list[str]:
        """The outputs to read; where none were named, of event-time windows those that exist."""
        wanted = [t for t in topics.outputs() if self._order.collects(self._unprefixed(t))]
        if self._order.topics is not None:
            return wanted
        there = self._admin.list_topics(timeout=REQUEST_TIMEOUT_S).topics
        optional = set(topics.windows().values())
        return [topic for topic in wanted if topic in there or topic not in optional]

    def _unprefixed(self, topic: str) -> str:
        return topic.removeprefix(self._order.prefix)

    def start(self) -> None:
        """Begin to read."""
        self._order.out.mkdir(parents=True, exist_ok=True)
        self._file.start()
        for reader in self._readers.values():
            reader.start()
        if self._floor:
            self._floor.start()

    def look(self, phase: str) -> CollectStatus:
        """Ask where the topics end, note the lag, and write the status file."""
        try:
            self._ends = read_ends(self._admin, [*self._outputs, *self._swipes])
            self._request_problem = None
        except KafkaRefused as error:
            self._request_problem = str(error)
        status = self._status(phase)
        self._note_lag(status)
        self._glances.look(status.time_ns, self._lag)
        write_whole(self._order.out / STATUS_FILE, msgspec.json.encode(status))
        return status

    def finish(self) -> CollectStatus:
        """Read on to where the outputs end now, stop, and name the files."""
        target = self._drain()
        complete = not self._behind(target) and self._request_problem is None
        for reader in self._readers.values():
            reader.stop()
        for reader in self._readers.values():
            reader.join()
        self._file.close()
        folder = self._order.out
        if self._floor:
            write_floor(folder / "floor.parquet", self._floor.stop())
        columns = list(zip(*self._lag, strict=True))
        arrays = [pa.array(c, f.type) for c, f in zip(columns, LAG_SCHEMA, strict=True)]
        with whole_file(folder / "lag.parquet") as partial:
            pq.write_table(pa.table(arrays, schema=LAG_SCHEMA), partial, compression="zstd")
        status = msgspec.structs.replace(self._status("done"), complete=complete)
        for name in (SUMMARY_FILE, STATUS_FILE):
            write_whole(folder / name, msgspec.json.format(msgspec.json.encode(status)))
        return status

    def _drain(self) -> Ends:
        """Read on to where the outputs end now; give a commit that is under way a moment."""
        began_s = time.monotonic()
        self.look("draining")
        target = self._ends
        while (waited_s := time.monotonic() - began_s) < DRAIN_TIMEOUT_S:
            commit_due = target.open_records(self._names) > 0 and waited_s < COMMIT_GRACE_S
            if not self._behind(target) and not commit_due:
                break
            time.sleep(_STATUS_EVERY_S / 4)
            self.look("draining")
            if commit_due:
                target = self._ends
        return target

    def _behind(self, ends: Ends) -> int:
        return sum(self._view_behind(view, ends) for view in VIEWS)

    def _view_behind(self, view: View, ends: Ends) -> int:
        reached = ends.end if view == "uncommitted" else ends.stable
        position = self._readers[view].position
        return sum(max(0, reached[place] - position[place]) for place in self._outputs)

    def _status(self, phase: str) -> CollectStatus:
        now_ns, ends = time.monotonic_ns(), self._ends
        views: dict[str, ViewStatus] = {
            view: ViewStatus(
                records=reader.records,
                by_topic={self._names[each]: count for each, count in reader.by_topic.items()},
                last_received_ns=reader.last_received_ns,
                behind=self._view_behind(view, ends),
            )
            for view, reader in self._readers.items()
        }
        moved = (
            [(ends.end[place], ends.stable[place]) for place in self._outputs],
            [view.records for view in views.values()],
        )
        if moved != self._moved:
            self._moved, self._moved_ns = moved, now_ns
        problems = [each for reader in self._readers.values() for each in reader.problems]
        return CollectStatus(
            phase=phase,
            complete=not self._behind(ends) and self._request_problem is None,
            time_ns=now_ns,
            views=views,
            ends=self._by_topic(ends.end),
            stable=self._by_topic(ends.stable),
            open_transaction_records=ends.open_records(self._names),
            still_for_ms=(now_ns - self._moved_ns) // 1_000_000,
            swipes_end=sum(ends.end[place] for place in self._swipes),
            round_trips=self._floor.round_trips if self._floor else 0,
            problems=problems + ([self._request_problem] if self._request_problem else []),
            cpu_s=round(time.process_time(), 3),
        )

    def _by_topic(self, offsets: dict[Partition, int]) -> dict[str, int]:
        sums = dict.fromkeys(self._names.values(), 0)
        for topic, number in self._outputs:
            sums[self._names[topic]] += offsets[topic, number]
        return sums

    def _note_lag(self, status: CollectStatus) -> None:
        if self._lag and status.time_ns - int(self._lag[-1][0] or 0) < _LAG_EVERY_NS:
            return
        fates = {
            view: sum(seen.by_topic.get(topic, 0) for topic in _FATE_TOPICS)
            for view, seen in status.views.items()
        }
        read = (
            group_offset_sum(self._group, self._swipes)
            if self._group
            else self._swipes_begin + fates["committed"]
        )
        decisions = status.views["uncommitted"].by_topic.get("decisions", 0)
        self._lag.append(
            (
                status.time_ns,
                status.swipes_end,
                read,
                fates["uncommitted"],
                fates["committed"],
                decisions,
            )
        )


def collect(order: CollectOrder, should_stop: Callable[[], bool]) -> CollectStatus:
    """Collect the outputs of a run until told to stop.

    Parameters
    ----------
    order
        What to collect.
    should_stop
        Asked every 0.2 s.

    Returns
    -------
    CollectStatus
        What ``collect.json`` holds.

    Raises
    ------
    KafkaUnreachable, KafkaRefused
        When no broker answers at the start or a topic does not exist.
    """
    collector = Collector(order)
    collector.start()
    while not should_stop():
        status = collector.look("collecting")
        if _is_quiet(order, status):
            break
        time.sleep(_STATUS_EVERY_S)
    return collector.finish()


def _is_quiet(order: CollectOrder, status: CollectStatus) -> bool:
    return (
        order.until_quiet_ms is not None
        and status.complete
        and status.open_transaction_records == 0
        and status.views["committed"].records > 0
        and status.still_for_ms >= order.until_quiet_ms
    )


def _run(
    out: Annotated[Path, typer.Option(help="History folder.")],
    bootstrap: Annotated[str, typer.Option(help="Kafka's address, host:port.")],
    prefix: Annotated[str, typer.Option(help="Prefix of the run's topics, e.g. run-7.")] = "",
    group: Annotated[
        str | None, typer.Option(help="Consumer group of the job; its commits give the lag.")
    ] = None,
    floor: Annotated[bool, typer.Option(help="Measure Kafka's own round trip beside.")] = True,
    until_quiet_ms: Annotated[
        int | None, typer.Option(min=1, help="End when nothing changed for so long, ms.")
    ] = None,
    kafka_config: Annotated[
        list[str] | None, typer.Option(help="Any librdkafka setting, key=value; repeatable.")
    ] = None,
    kafka_config_file: Annotated[
        Path | None, typer.Option(help="librdkafka settings, one key=value a line.")
    ] = None,
    topics: Annotated[
        list[str] | None, typer.Option(help="Output topic that is there; repeatable; all.")
    ] = None,
    from_now: Annotated[
        bool, typer.Option("--from-now", help="Begin where the topics end, not where they begin.")
    ] = False,
) -> None:
    """Collect what a run's job writes, at both isolation levels."""
    asked: list[int] = []
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda number, _frame: asked.append(number))
    parent = os.getppid()
    try:
        order = CollectOrder(
            out=out,
            bootstrap=bootstrap,
            prefix=prefix,
            group=group,
            floor=floor,
            until_quiet_ms=until_quiet_ms,
            kafka_config=read_client_file(kafka_config_file) | parse_settings(kafka_config or []),
            topics=None if topics is None else tuple(topics),
            from_now=from_now,
        )
        status = collect(order, lambda: bool(asked) or os.getppid() != parent)
    except (KafkaUnreachable, KafkaRefused, ValueError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    if asked and asked[0] == signal.SIGINT:
        raise typer.Exit(130)
    if not status.complete:
        typer.echo(
            f"the outputs were not read to their end within {DRAIN_TIMEOUT_S:g} s: "
            f"{'; '.join(status.problems) or 'still behind'}",
            err=True,
        )
        raise typer.Exit(2)


def main() -> None:
    """Entry point of ``python -m evaluation.collect``."""
    typer.run(_run)


if __name__ == "__main__":
    main()
