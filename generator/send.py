"""How does a replay get into Kafka on schedule, and how punctual was that?

Run as a process of its own, ``python -m generator.send``: the parent watches, worker processes
send. Progress stands in ``send-progress.json`` of the output folder, replaced every 0.2 s (a pipe
that nobody reads would stall the sender). Exit code 0: everything was delivered; 2: usage, Kafka
or undelivered records; 130: stopped by SIGINT or SIGTERM, with a log of what was sent.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from multiprocessing.connection import wait
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import typer
from pyarrow import ArrowException

from generator.bookends import publish_profiles, read_replay_start, send_clock_records
from generator.client_file import read_client_file, without_secrets
from generator.kafka_client import (
    KafkaRefused,
    KafkaUnreachable,
    parse_settings,
    require_broker,
    topic_partitions,
)
from generator.pacing import TICK_US
from generator.report_feed import ReportFeed
from generator.send_crew import Crew, SendFailed, SendOrder
from generator.send_log import SendSummary, sends_table, slip_of, write_send_log
from generator.send_worker import FIELDS, RUN, STOP, Sent
from generator.shard import Shard
from generator.whole_file import write_whole
from job.contracts import Topics

PROGRESS_FILE: Final = "send-progress.json"
#: Start after the last worker is ready, when no start is given. A choice.
START_DELAY_NS: Final = 100_000_000
_GO_POLL_S: Final = 0.01
_PROGRESS_EVERY_S: Final = 0.2


class SendProgress(msgspec.Struct, frozen=True, kw_only=True):
    """Content of ``send-progress.json``.

    Attributes
    ----------
    phase
        ``profiles``, ``loading``, ``waiting`` (for the start), ``sending``, ``flushing``,
        ``clock``, ``done``, ``stopped`` or ``failed``.
    records, sent, delivered, failed
        In the replay; handed to the client; confirmed; given up.
    start_monotonic_ns
        Of the schedule, once known.
    time_ns
        ``time.monotonic_ns`` of this file.
    replay
        Folder of what is sent.
    """

    phase: str
    records: int
    sent: int = 0
    delivered: int = 0
    failed: int = 0
    start_monotonic_ns: int | None = None
    time_ns: int
    replay: str = ""


def send_replay(order: SendOrder) -> SendSummary:
    """Send a replay on its schedule and write the log.

    SIGINT and SIGTERM end the sending early, when called in the main thread of a process.

    Parameters
    ----------
    order
        What to send, where to and how.

    Returns
    -------
    SendSummary
        What ``sends.json`` holds.

    Raises
    ------
    KafkaUnreachable, KafkaRefused
        When no broker answers, a topic is missing or a setting is wrong.
    SendFailed
        When the replay cannot be read or a worker died.
    """
    order.out.mkdir(parents=True, exist_ok=True)
    records = _check(order)
    topics = Topics.with_prefix(order.prefix)
    needed = [topics.swipes, *([topics.card_profiles] if order.profiles else [])]
    admin = require_broker(order.bootstrap, order.kafka_config)
    partitions = topic_partitions(admin, needed)[topics.swipes]
    context = multiprocessing.get_context("spawn")
    flag, counts = context.RawValue("b", RUN), context.RawArray("q", FIELDS * order.workers)
    crew = Crew(flag, counts)
    previous = _stop_on_signals(crew)
    try:
        crew.hire(order, partitions, context)
        return _send(order, records, crew)
    except Exception:
        _progress(order, "failed", records, crew)
        raise
    finally:
        crew.dismiss()
        for number, handler in previous.items():
            signal.signal(number, handler)


def _check(order: SendOrder) -> int:
    if order.workers < 1:
        raise SendFailed(f"workers is {order.workers}; at least 1 process has to send")
    try:
        read_replay_start(order.replay)
        records = pq.ParquetFile(order.replay / "records.parquet").metadata.num_rows
    except (OSError, ArrowException, msgspec.DecodeError) as error:
        raise SendFailed(f"{order.replay} is no replay folder: {error}") from None
    return int(records)


def _stop_on_signals(crew: Crew) -> dict[signal.Signals, Any]:
    def stop(_number: int, _frame: object) -> None:
        crew.flag.value = STOP

    return {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM)}


def _send(order: SendOrder, records: int, crew: Crew) -> SendSummary:
    reports = None
    if order.shard.is_first:
        reports = ReportFeed(order.replay, order.bootstrap, order.prefix, order.kafka_config)
    profiles = 0
    if order.profiles and order.shard.is_first:
        _progress(order, "profiles", records, crew)
        profiles = publish_profiles(order.bootstrap, order.prefix, order.replay, order.kafka_config)
    _progress(order, "loading", records, crew)
    crew.await_ready()
    records = crew.loaded()
    start_ns = (
        _await_go(order, records, crew)
        or order.start_at_monotonic_ns
        or time.monotonic_ns() + START_DELAY_NS
    )
    start_wall_ms = (time.time_ns() + start_ns - time.monotonic_ns()) // 1_000_000
    for pipe in crew.pipes:
        pipe.send(start_ns)
    parts = _watch(order, records, crew, start_ns, reports)
    if reports is not None:
        reports.finish()
    summary = _write(order, records, parts, start_ns, start_wall_ms, profiles, crew)
    if order.clock_gap_ms is not None and not summary.stopped:
        _progress(order, "clock", records, crew, start_ns)
        clock_ms = read_replay_start(order.replay).event_time_end_ms + order.clock_gap_ms
        send_clock_records(
            order.bootstrap,
            order.prefix,
            clock_ms,
            times=order.clock_times,
            extra=order.kafka_config,
            shard=order.shard,
        )
    _progress(order, "stopped" if summary.stopped else "done", records, crew, start_ns)
    return summary


def _await_go(order: SendOrder, records: int, crew: Crew) -> int | None:
    """Wait for the file that says go, and give the start that it names; None where it names none.

    Asked to stop, the workers end before their first record.
    """
    if order.start_when is None:
        return None
    _progress(order, "ready", records, crew)
    while crew.flag.value != STOP:
        try:
            said = order.start_when.read_text().strip()
        except FileNotFoundError:
            time.sleep(_GO_POLL_S)
            continue
        if said and not said.isdecimal():
            raise SendFailed(f"{order.start_when.name} says {said!r}, which is no start in ns")
        return int(said) if said else None
    return None


def _watch(
    order: SendOrder, records: int, crew: Crew, start_ns: int, reports: ReportFeed | None
) -> list[Sent]:
    """Keep progress file and reports up to date until each worker has handed back its log."""
    parts: dict[int, Sent] = {}
    while len(parts) < len(crew.pipes):
        waiting = {number: pipe for number, pipe in enumerate(crew.pipes) if number not in parts}
        wait(list(waiting.values()), _PROGRESS_EVERY_S)
        if reports is not None:
            reports.send_due(start_ns)
        for number in (number for number, pipe in waiting.items() if pipe.poll()):
            try:
                parts[number] = waiting[number].recv()
            except EOFError:
                raise SendFailed(
                    f"sending process {number} {crew.end_of(number)}; what it sent is on "
                    f"{order.topic}, but its log is lost"
                ) from None
        _progress(order, _phase(crew, start_ns), records, crew, start_ns)
    return [parts[number] for number in sorted(parts)]


def _phase(crew: Crew, start_ns: int) -> str:
    if time.monotonic_ns() < start_ns:
        return "waiting"
    return "flushing" if crew.flushing() else "sending"


def _progress(
    order: SendOrder, phase: str, records: int, crew: Crew, start_ns: int | None = None
) -> None:
    sent, delivered, failed = crew.sums()
    progress = SendProgress(
        phase=phase,
        records=records,
        sent=sent,
        delivered=delivered,
        failed=failed,
        start_monotonic_ns=start_ns,
        time_ns=time.monotonic_ns(),
        replay=str(order.replay.resolve()),
    )
    write_whole(order.out / PROGRESS_FILE, msgspec.json.encode(progress))


def _write(
    order: SendOrder,
    records: int,
    parts: list[Sent],
    start_ns: int,
    start_wall_ms: int,
    profiles: int,
    crew: Crew,
) -> SendSummary:
    table = sends_table(start_ns, [(part.index, part.due_us, part.record) for part in parts])
    slip, delivery = slip_of(table)
    delivered = sum(part.record.delivered for part in parts)
    summary = SendSummary(
        start_monotonic_ns=start_ns,
        start_wall_ms=start_wall_ms,
        records=records,
        sent=table.num_rows,
        delivered=delivered,
        failed=table.num_rows - delivered,
        complete=delivered == records,
        stopped=not all(part.finished for part in parts) or crew.flag.value == STOP,
        slip=slip,
        delivery=delivery,
        first_error=next((error for part in parts for error in part.record.errors.values()), None),
        cpu_s=round(sum(part.cpu_s for part in parts), 3),
        profiles=profiles,
        settings=msgspec.to_builtins(order, enc_hook=str)
        | {"kafka_config": without_secrets(order.kafka_config)},
    )
    write_send_log(order.out, table, summary)
    return summary


def _require_own(order: SendOrder, table: pa.Table) -> None:
    """That another shard's partition got a record would put two senders on one partition."""
    arrived = table["partition"].to_numpy()[table["delivered_ns"].to_numpy() > 0]
    strays = arrived[arrived % order.shard.count != order.shard.number]
    if strays.size:
        raise SendFailed(
            f"shard {order.shard.number} of {order.shard.count} wrote to partition {strays[0]}: "
            f"the partitions of {order.topic} changed meanwhile"
        )


def _run(
    replay: Annotated[Path, typer.Option(help="Replay folder.")],
    out: Annotated[Path, typer.Option(help="Folder for sends.parquet, sends.json, progress.")],
    bootstrap: Annotated[str, typer.Option(help="Kafka's address, host:port.")],
    prefix: Annotated[str, typer.Option(help="Prefix of the run's topics, e.g. run-7.")] = "",
    start_at_monotonic_ns: Annotated[
        int | None, typer.Option(help="Start on this machine's monotonic clock, ns.")
    ] = None,
    start_when: Annotated[
        Path | None,
        typer.Option(help="Send nothing before this file exists; a number in it is the start, ns."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Sending processes.")] = 1,
    shard: Annotated[int, typer.Option(min=0, help="Which of several senders this is.")] = 0,
    shards: Annotated[
        int, typer.Option(min=1, help="Senders that share the replay, by partition.")
    ] = 1,
    profiles: Annotated[bool, typer.Option(help="Publish the card profiles first.")] = True,
    clock_gap_ms: Annotated[
        int | None, typer.Option(help="Send clock records this far past the replay's end, ms.")
    ] = None,
    clock_times: Annotated[int, typer.Option(min=1, help="Rounds of clock records.")] = 1,
    tick_us: Annotated[
        int, typer.Option(min=0, help="Records due within this time go out together, µs.")
    ] = TICK_US,
    flush_timeout_s: Annotated[
        float, typer.Option(min=0, help="Longest wait for the last confirmations, s.")
    ] = 60.0,
    kafka_config: Annotated[
        list[str] | None, typer.Option(help="Any librdkafka setting, key=value; repeatable.")
    ] = None,
    kafka_config_file: Annotated[
        Path | None, typer.Option(help="librdkafka settings, one key=value a line.")
    ] = None,
) -> None:
    """Send a replay into Kafka on its schedule."""
    try:
        order = SendOrder(
            replay=replay,
            out=out,
            bootstrap=bootstrap,
            prefix=prefix,
            start_at_monotonic_ns=start_at_monotonic_ns,
            start_when=start_when,
            workers=workers,
            shard=Shard(number=shard, count=shards),
            profiles=profiles,
            clock_gap_ms=clock_gap_ms,
            clock_times=clock_times,
            tick_us=tick_us,
            flush_timeout_s=flush_timeout_s,
            kafka_config=read_client_file(kafka_config_file) | parse_settings(kafka_config or []),
        )
        summary = send_replay(order)
    except (KafkaUnreachable, KafkaRefused, SendFailed, ValueError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    finish(summary)


def finish(summary: SendSummary) -> None:
    """End the process as the sending ended.

    Raises
    ------
    typer.Exit
        With 130 where it was stopped, with 2 where a record was not delivered.
    """
    if summary.stopped:
        raise typer.Exit(130)
    if not summary.complete:
        typer.echo(
            f"{summary.records - summary.delivered} of {summary.records} records were not "
            f"delivered, the first because: {summary.first_error}",
            err=True,
        )
        raise typer.Exit(2)


def main() -> None:
    """Entry point of ``python -m generator.send``."""
    typer.run(_run)


if __name__ == "__main__":
    main()
