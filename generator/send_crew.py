"""Who sends: which processes share a replay, and how are they led?"""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import msgspec

from generator.pacing import TICK_US
from generator.send_worker import (
    DELIVERED,
    FAILED,
    FIELDS,
    FLUSHING,
    LOADED,
    SENT,
    STOP,
    Share,
    run_worker,
)
from generator.shard import Shard
from job.contracts import Topics

_LOAD_TIMEOUT_S: Final = 300.0
_END_TIMEOUT_S: Final = 5.0


class SendFailed(Exception):
    """The sender cannot begin or did not end well. The message is one line."""


class SendOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What to send, where to and how.

    Attributes
    ----------
    replay, out
        Replay folder; folder for the log and the progress file.
    bootstrap, prefix
        Kafka's address; prefix of the run's topics.
    start_at_monotonic_ns
        ``time.monotonic_ns`` of microsecond 0 of the schedule; None: as soon as loaded. A start
        that has passed is kept, and the slip says so.
    start_when
        A file: nothing is sent before it exists, however long everything is loaded already. A
        number in it is the start, as ``start_at_monotonic_ns``.
    workers
        Sending processes. The records of a card stay with one.
    profiles
        Whether card profiles are published before the start.
    clock_gap_ms, clock_times
        After the last record: clock records so far past the replay's end, in so many rounds;
        None for none.
    tick_us
        Records due within so many microseconds go out together.
    flush_timeout_s
        Longest wait for confirmations after the last record.
    kafka_config
        Any librdkafka setting.
    shard
        The part of the replay that is sent; the others are sent elsewhere.
    """

    replay: Path
    out: Path
    bootstrap: str
    prefix: str
    start_at_monotonic_ns: int | None = None
    start_when: Path | None = None
    workers: int = 1
    profiles: bool = True
    clock_gap_ms: int | None = None
    clock_times: int = 1
    tick_us: int = TICK_US
    flush_timeout_s: float = 60.0
    kafka_config: dict[str, str] = {}
    shard: Shard = Shard()

    @property
    def topic(self) -> str:
        """The run's ``swipes``."""
        return Topics.with_prefix(self.prefix).swipes


@dataclass
class Crew:
    """The workers of one sending, and what is shared with them."""

    flag: Any
    counts: Any
    processes: list[Any] = field(default_factory=list)
    pipes: list[Connection] = field(default_factory=list)

    def sums(self) -> tuple[int, int, int]:
        """Sent, delivered, failed."""
        rows = range(0, len(self.counts), FIELDS)
        sent, delivered, failed = (
            sum(self.counts[row + each] for row in rows) for each in (SENT, DELIVERED, FAILED)
        )
        return sent, delivered, failed

    def loaded(self) -> int:
        """Records that all together are to send, once they are ready."""
        return sum(self.counts[row + LOADED] for row in range(0, len(self.counts), FIELDS))

    def flushing(self) -> bool:
        """Whether all have handed over their last record."""
        return all(self.counts[row + FLUSHING] for row in range(0, len(self.counts), FIELDS))

    def end_of(self, number: int) -> str:
        """How a process ended that has closed its pipe, in words: a signal by its name."""
        process = self.processes[number]
        process.join(_END_TIMEOUT_S)
        code = process.exitcode
        if code is None:
            return "hangs"
        return f"died of {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"

    def dismiss(self) -> None:
        """End what still runs. Only own children are touched."""
        self.flag.value = STOP
        for pipe in self.pipes:
            pipe.close()
        for process in self.processes:
            process.join(2.0)
            if process.is_alive():
                process.kill()
                process.join()

    def hire(self, order: SendOrder, partitions: int, context: Any) -> None:
        """Start the processes; they load their share of what goes to a topic's partitions."""
        for number in range(order.workers):
            share = Share(
                records_file=order.replay / "records.parquet",
                number=number,
                workers=order.workers,
                bootstrap=order.bootstrap,
                topic=order.topic,
                kafka_config=order.kafka_config,
                tick_us=order.tick_us,
                flush_timeout_s=order.flush_timeout_s,
                shard=order.shard,
                partitions=partitions,
            )
            ours, theirs = context.Pipe()
            process = context.Process(
                target=run_worker, args=(share, theirs, self.flag, self.counts), daemon=True
            )
            process.start()
            theirs.close()
            self.processes.append(process)
            self.pipes.append(ours)

    def await_ready(self) -> None:
        """Wait until each has loaded its share and reached Kafka.

        Raises
        ------
        SendFailed
            When one cannot, with its reason.
        """
        deadline_s = time.monotonic() + _LOAD_TIMEOUT_S
        for number, pipe in enumerate(self.pipes):
            while not pipe.poll(0.05):
                if time.monotonic() > deadline_s:
                    raise SendFailed(f"worker {number} did not load within {_LOAD_TIMEOUT_S:g} s")
            try:
                answer = pipe.recv()
            except EOFError:
                raise SendFailed(f"worker {number} ended while loading") from None
            if answer != "ready":
                raise SendFailed(str(answer))
