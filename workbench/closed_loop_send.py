"""How would a load generator send that waits for the system under test?

This is the sender that nobody should use: with so many swipes unanswered it waits, and it writes
down the moment of each send as the one that was intended. A stall of the job so delays the load and
leaves no trace in the latencies (coordinated omission; Tene, "How NOT to Measure Latency", 2013).
A negative control runs it in place of ``generator.send``; it takes the same command line.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from confluent_kafka import Producer, TopicPartition

from evaluation.offsets import partitions_of
from evaluation.view_reader import open_consumer
from generator.bookends import open_producer, read_replay_start, send_clock_records
from generator.kafka_client import require_broker
from generator.pacing import Schedule, SendRecord, settle
from generator.send import PROGRESS_FILE, SendProgress
from generator.send_log import SendSummary, sends_table, slip_of, write_send_log
from generator.send_worker import load_share
from generator.whole_file import write_whole
from job.contracts import Topics

#: Swipes under way at most. A choice: a second of 12,000 a minute, a third of the stall.
WINDOW: Final = 200
_START_DELAY_NS: Final = 100_000_000
_PROGRESS_EVERY_NS: Final = 200_000_000
_POLL_S: Final = 0.001
_FLUSH_S: Final = 60.0


class Answers:
    """Counts what the job has written, as a client sees it that waits for an answer."""

    def __init__(self, bootstrap: str, topics: Topics) -> None:
        fates = [topics.decisions, topics.late_swipes, topics.dead_letters]
        places = partitions_of(require_broker(bootstrap), fates)
        self._consumer = open_consumer(bootstrap, "uncommitted")
        self._consumer.assign([TopicPartition(topic, number, 0) for topic, number in places])
        self.count = 0

    def look(self, timeout_s: float) -> None:
        """Take what is there."""
        messages = self._consumer.consume(1_000, timeout_s)
        self.count += sum(message.error() is None for message in messages)


def send_in_closed_loop(
    producer: Producer, topic: str, schedule: Schedule, answers: Answers, out: Path
) -> tuple[int, SendRecord]:
    """Send a schedule, but never with more than `WINDOW` swipes unanswered.

    Returns
    -------
    int, SendRecord
        When it began (monotonic clock, ns), and what happened to each record.
    """
    record = SendRecord.empty(len(schedule))
    start_ns = time.monotonic_ns() + _START_DELAY_NS
    told_ns = 0
    for position in range(len(schedule)):
        due_ns = start_ns + schedule.due_us[position] * 1000
        while time.monotonic_ns() < due_ns or position - answers.count >= WINDOW:
            producer.poll(0)
            answers.look(_POLL_S)
            if time.monotonic_ns() - told_ns > _PROGRESS_EVERY_NS:
                told_ns = time.monotonic_ns()
                tell(out, "sending", len(schedule), record, start_ns)
        record.actual_ns[position] = time.monotonic_ns()
        producer.produce(
            topic,
            schedule.values[position],
            schedule.keys[position],
            on_delivery=lambda error, message, at=position: record.report(at, error, message),
            timestamp=schedule.record_time_ms[position],
        )
        record.sent = position + 1
    settle(producer, record, _FLUSH_S)
    return start_ns, record


def tell(
    out: Path, phase: str, records: int, record: SendRecord | None, start_ns: int | None = None
) -> None:
    """Write the progress file, as the real sender does."""
    progress = SendProgress(
        phase=phase,
        records=records,
        sent=0 if record is None else record.sent,
        delivered=0 if record is None else record.delivered,
        start_monotonic_ns=start_ns,
        time_ns=time.monotonic_ns(),
    )
    write_whole(out / PROGRESS_FILE, msgspec.json.encode(progress))


def write_log(out: Path, schedule: Schedule, start_ns: int, record: SendRecord) -> None:
    """Write the log: what was sent late is said to have been meant so."""
    actual_ns = np.frombuffer(record.actual_ns, np.int64)
    restamped_us = (actual_ns - start_ns) // 1000
    table = sends_table(start_ns, [(np.asarray(schedule.index), restamped_us, record)])
    slip, delivery = slip_of(table)
    summary = SendSummary(
        start_monotonic_ns=start_ns,
        start_wall_ms=(time.time_ns() + start_ns - time.monotonic_ns()) // 1_000_000,
        records=len(schedule),
        sent=record.sent,
        delivered=record.delivered,
        failed=record.sent - record.delivered,
        complete=record.delivered == len(schedule),
        stopped=False,
        slip=slip,
        delivery=delivery,
        first_error=next(iter(record.errors.values()), None),
        cpu_s=time.process_time(),
        profiles=0,
        settings={"closed_loop": WINDOW},
    )
    write_send_log(out, table, summary)


def main(arguments: list[str]) -> int:
    """Run from the command line; takes what ``generator.send`` is given in a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--prefix", required=True)
    for name in ("--replay", "--out", "--start-when"):
        parser.add_argument(name, type=Path, required=True)
    for name in ("--workers", "--clock-gap-ms"):
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("--no-profiles", action="store_true")
    given = parser.parse_args(arguments)
    topics = Topics.with_prefix(given.prefix)
    schedule = load_share(given.replay / "records.parquet", 0, 1)
    producer = open_producer(given.bootstrap, linger_ms=0)
    answers = Answers(given.bootstrap, topics)
    tell(given.out, "ready", len(schedule), None)
    while not given.start_when.exists():
        time.sleep(_POLL_S)
    start_ns, record = send_in_closed_loop(producer, topics.swipes, schedule, answers, given.out)
    write_log(given.out, schedule, start_ns, record)
    clock_ms = read_replay_start(given.replay).event_time_end_ms + given.clock_gap_ms
    send_clock_records(given.bootstrap, given.prefix, clock_ms)
    tell(given.out, "done", len(schedule), record, start_ns)
    return 0 if record.delivered == len(schedule) else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
