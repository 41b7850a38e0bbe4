"""When is each record sent, when was it really sent, and when did Kafka have it?

The schedule is open loop: a stall of the broker or of this process moves no later record, what is
overdue goes out at once, and the intended time stays what it was. Otherwise the load would wait
politely for a slow system and hide its slowness (coordinated omission; Tene, "How NOT to Measure
Latency", 2013).
"""

from __future__ import annotations

import gc
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from confluent_kafka import KafkaException, Producer

from generator.kafka_client import reason

#: Records that are due within one tick go out together. A choice: it adds at most this to the
#: slip, and keeps a sender of 16,700 records a second from waking for each of them.
TICK_US: Final = 2000
#: Delivery reports are served at least once in this many records when the sender is behind.
_SERVE_EVERY: Final = 256
#: Waits longer than this are spent in the client's poll, shorter ones asleep: poll counts in
#: whole milliseconds.
_POLL_ABOVE_NS: Final = 3_000_000

UNDELIVERED: Final = "not confirmed before the sender ended"


@dataclass(frozen=True)
class Schedule:
    """Records to send, rendered beforehand, by the time they are due.

    Attributes
    ----------
    index
        Of the record in the replay.
    due_us
        Intended send, microseconds after the start, ascending.
    record_time_ms
        Kafka timestamp.
    keys, values
        As they travel.
    """

    index: Sequence[int]
    due_us: Sequence[int]
    record_time_ms: Sequence[int]
    keys: Sequence[bytes | None]
    values: Sequence[bytes | None]

    def __len__(self) -> int:
        return len(self.index)


@dataclass
class SendRecord:
    """What happened to each record of a schedule, by position.

    Attributes
    ----------
    sent
        So many from the front were handed to the client.
    actual_ns, delivered_ns
        ``time.monotonic_ns`` of the hand-over and of the delivery report; 0 for never.
    partition, offset
        Where it stands; -1 where it does not.
    errors
        Why not, by position.
    """

    actual_ns: array[int]
    delivered_ns: array[int]
    partition: array[int]
    offset: array[int]
    errors: dict[int, str] = field(default_factory=dict)
    sent: int = 0
    delivered: int = 0

    @classmethod
    def empty(cls, count: int) -> SendRecord:
        """Nothing sent yet."""
        zero, nowhere = array("q", bytes(8 * count)), array("q", b"\xff" * (8 * count))
        return cls(zero, zero[:], nowhere, nowhere[:])

    def report(self, position: int, error: Any, message: Any) -> None:
        """Take one delivery report."""
        now_ns = time.monotonic_ns()
        if error is not None:
            self.errors[position] = error.str()
            return
        self.delivered_ns[position] = now_ns
        self.partition[position] = message.partition()
        self.offset[position] = message.offset()
        self.delivered += 1


def send_on_schedule(
    producer: Producer,
    topic: str,
    schedule: Schedule,
    start_ns: int,
    record: SendRecord,
    *,
    should_stop: Callable[[], bool],
    tick_us: int = TICK_US,
) -> bool:
    """Send every record when it is due; never skip one and never move one.

    Parameters
    ----------
    producer
        Its delivery reports are served here.
    topic
        Where to.
    schedule
        What and when.
    start_ns
        ``time.monotonic_ns`` of microsecond 0 of the schedule.
    record
        Is filled in.
    should_stop
        Asked at every wait and every few hundred records.
    tick_us
        Records due within so many microseconds go out together.

    Returns
    -------
    bool
        Whether the schedule was sent to its end.
    """
    due_us, count, position = schedule.due_us, len(schedule), 0
    with _no_garbage_collection():
        while position < count:
            if should_stop():
                return False
            now_ns = time.monotonic_ns()
            _wait(producer, start_ns + due_us[position] * 1000 - now_ns, tick_us * 1000)
            due_by_us = (time.monotonic_ns() - start_ns) // 1000
            last = min(count, position + _SERVE_EVERY)
            while position < last and due_us[position] <= due_by_us:
                _send(producer, topic, schedule, record, position)
                position += 1
                record.sent = position
    return True


def _wait(producer: Producer, remaining_ns: int, tick_ns: int) -> None:
    """Serve delivery reports until the next record is due, but for one tick at least."""
    if remaining_ns > _POLL_ABOVE_NS:
        # Bounded, so that a signal in a long pause is seen.
        producer.poll(min(remaining_ns - _POLL_ABOVE_NS // 2, 50_000_000) / 1e9)
        return
    producer.poll(0)
    # Behind by more than a tick: no sleep.
    if remaining_ns > -tick_ns:
        time.sleep(max(remaining_ns, tick_ns) / 1e9)


def _send(
    producer: Producer, topic: str, schedule: Schedule, record: SendRecord, position: int
) -> None:
    report = partial(record.report, position)
    while True:
        record.actual_ns[position] = time.monotonic_ns()
        try:
            producer.produce(
                topic,
                schedule.values[position],
                schedule.keys[position],
                on_delivery=report,
                timestamp=schedule.record_time_ms[position],
            )
        except BufferError:
            # The client's queue is full: the record waits here, and its slip says so.
            producer.poll(0.01)
            continue
        except KafkaException as error:
            record.errors[position] = reason(error)
        return


def settle(
    producer: Producer,
    record: SendRecord,
    timeout_s: float,
    keep_waiting: Callable[[], bool] = lambda: True,
) -> None:
    """Wait for the outstanding delivery reports; what has none afterwards is an error.

    Parameters
    ----------
    producer
        Is empty afterwards: what could not be delivered is dropped.
    record
        Is filled in.
    timeout_s
        Longest wait, in seconds.
    keep_waiting
        Asked every 0.1 s.
    """
    deadline_s = time.monotonic() + timeout_s
    while len(producer) and time.monotonic() < deadline_s and keep_waiting():
        producer.flush(0.1)
    if len(producer):
        producer.purge()
        producer.flush(1.0)
    for position in range(record.sent):
        if not record.delivered_ns[position]:
            record.errors.setdefault(position, UNDELIVERED)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """A full collection over a million records takes longer than the slip that is allowed."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
