"""Is the run complete, so that what is missing now will never come?

Complete means: a checkpoint covers every record of ``swipes``, the clock records included (the
job's committed offsets are the end offsets), event time has followed them in every task and closed
the windows, and since then two more checkpoints have completed while the outputs were still, no
transaction was open and both readers stood at the end.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

from confluent_kafka import KafkaException

from evaluation.collect_status import CollectStatus
from generator.nudge import Nudge
from stack.flink_rest import RestError
from workbench.children import Child
from workbench.commit_progress import CommitProgress
from workbench.console import PhaseBar
from workbench.live import LiveJob, read_status

#: Longest wait after the last swipe, seconds: an outage and its catching up.
TIMEOUT_S: Final = 180.0
_POLL_S: Final = 0.25
#: Where Flink does not say how far event time is: watermarks are sent every 0.2 s (Flink's
#: `pipeline.auto-watermark-interval`), so what the last records close is written after a checkpoint
#: covers them. Five times that: a choice.
_EVENT_TIME_BEHIND_NS: Final = 1_000_000_000
#: A job that was restored has no watermark yet from partitions without new records, and these hold
#: event time back until they count as idle (the job's `--watermark.idle-timeout`, 5 s).
_IDLE_AFTER_RESTORE_NS: Final = 5_000_000_000
#: Event time that stands still for so long, while every record is dealt with, will not go on: a
#: figure of a task that is gone can be among those that Flink tells. Six times the wait for idle
#: partitions: a choice.
_EVENT_TIME_STANDS_NS: Final = 30_000_000_000
_CHECKPOINTS: Final = 2
_ENDED: Final = ("FAILED", "CANCELED", "FINISHED")


@dataclass
class Completion:
    """How a run ended.

    Attributes
    ----------
    complete
        Whether what is missing now will never come.
    reason
        Why not, in one sentence; empty where it is.
    proves_nothing_because
        Why the run, complete or not, says nothing about what was brought about in it; None if it
        does. What is lost in such a run is lost all the same.
    cpu_s
        CPU seconds by process while the run lasted.
    """

    complete: bool
    reason: str = ""
    proves_nothing_because: str | None = None
    cpu_s: dict[str, float] = field(default_factory=dict)


def await_completion(
    live: LiveJob,
    collector: Child,
    nudge: Nudge,
    bar: PhaseBar,
    end_watermark_ms: int,
    timeout_s: float = TIMEOUT_S,
    *,
    was_restored: bool = False,
) -> Completion:
    """Wait until a run is complete, or say why it is not.

    Called when all was sent, the clock records included.

    Parameters
    ----------
    live, collector, nudge, bar
        The run, and where its progress is told.
    end_watermark_ms
        Event time that the last records bring every task to.
    timeout_s
        Longest wait, seconds.
    was_restored
        Whether the job was restored from a checkpoint or savepoint meanwhile; of concern where
        Flink does not say how far event time is.
    """
    behind_ns = _EVENT_TIME_BEHIND_NS + (_IDLE_AFTER_RESTORE_NS if was_restored else 0)
    progress = CommitProgress(
        live.stack.settings.kafka_address, live.group_id, live.topics.swipes, live.partitions
    )
    end = progress.total
    deadline_s = time.monotonic() + timeout_s
    covered_ns: int | None = None
    event_time = _EventTime(end_watermark_ms)
    still_since: tuple[CollectStatus, int] | None = None
    proved_ns: int | None = None
    reason = "nothing was known of it"
    while time.monotonic() < deadline_s:
        collector.require_alive()
        try:
            committed = progress.covered()
            state = live.stack.rest.job(live.job_id).state
            checkpoints = live.stack.rest.checkpoints(live.job_id).counts.completed
            watermark_ms = live.stack.rest.watermark_ms(live.job_id) if committed >= end else None
        except (RestError, KafkaException, TimeoutError):
            # A JobManager or a broker that restarts answers again later.
            time.sleep(_POLL_S)
            continue
        if state in _ENDED:
            return Completion(False, f"the job is {state}")
        status = read_status(live.history)
        bar.update(committed, end, f"{end - committed:,} records to go")
        if committed < end:
            reason = f"the job had not finished {end - committed:,} of {end:,} records"
            still_since = covered_ns = None
            nudge()
        elif event_time.may_go_on(watermark_ms):
            reason = "event time had not reached the end, so windows were still open"
            still_since = covered_ns = None
        elif covered_ns is None:
            reason = "the outputs did not come to rest"
            covered_ns = time.monotonic_ns()
            if watermark_ms is not None and watermark_ms >= end_watermark_ms:
                behind_ns = 0
        elif status is None or status.time_ns <= covered_ns + behind_ns or not _still(status):
            still_since = None
        elif still_since is None or _moved(still_since[0], status):
            still_since, proved_ns = (status, checkpoints), None
        elif checkpoints >= still_since[1] + _CHECKPOINTS:
            # What the last of them brought must be in the look that counts, a second one.
            proved_ns = proved_ns or time.monotonic_ns()
            if status.time_ns > max(proved_ns, still_since[0].time_ns):
                return Completion(True)
        time.sleep(_POLL_S)
    return Completion(False, f"{reason} {timeout_s:g} s after the last swipe")


class _EventTime:
    """Whether event time is still on its way to an end."""

    def __init__(self, end_ms: int) -> None:
        self._end_ms = end_ms
        self._reached_ms: int | None = None
        self._moved_ns = time.monotonic_ns()

    def may_go_on(self, reached_ms: int | None) -> bool:
        """Short of its end, and not standing still for too long; no where Flink does not say."""
        if reached_ms is None or reached_ms >= self._end_ms:
            return False
        if reached_ms != self._reached_ms:
            self._reached_ms, self._moved_ns = reached_ms, time.monotonic_ns()
        return time.monotonic_ns() - self._moved_ns < _EVENT_TIME_STANDS_NS


def _still(status: CollectStatus) -> bool:
    return status.complete and status.open_transaction_records == 0


def _moved(before: CollectStatus, now: CollectStatus) -> bool:
    return before.ends != now.ends or before.stable != now.stable
