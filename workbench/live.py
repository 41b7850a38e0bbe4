"""How is the run going, while swipes are being sent?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import msgspec

from evaluation.collect import STATUS_FILE
from evaluation.collect_status import CollectStatus
from generator.send import PROGRESS_FILE, SendProgress
from job.contracts import Topics
from stack.local import LocalStack
from workbench.children import Child, ChildFailed
from workbench.console import PhaseBar
from workbench.running_job import RunningJob

_POLL_S: Final = 0.2
_READY_TIMEOUT_S: Final = 60.0
_NANOS_PER_S: Final = 1e9
#: Longest time without a confirmation of which nothing is said, seconds. A choice: a checkpoint or
#: a full core holds confirmations up for less.
_SILENCE_S: Final = 3.0


class Recorded(Protocol):
    """Where a run is recorded: its folder, and its ``history/``."""

    @property
    def folder(self) -> Path:
        """Of the run."""

    @property
    def history(self) -> Path:
        """Of what was read."""


class Sender(Protocol):
    """Whoever sends: a process of our own, or several elsewhere."""

    def poll(self) -> int | None:
        """The exit code, or None while it sends."""

    def require_alive(self) -> None:
        """Raise where it ended badly."""

    def stop(self, grace_s: float = ...) -> int | None:
        """End it."""


@dataclass(frozen=True)
class LiveJob:
    """The job under test and where its run is recorded.

    Attributes
    ----------
    job
        On the cluster.
    folder, history
        The run's folder, and its ``history/``.
    """

    stack: LocalStack
    job: RunningJob
    topics: Topics
    group_id: str
    partitions: int
    folder: Path
    history: Path

    @property
    def job_id(self) -> str:
        """Of the submission that runs now."""
        return self.job.id


def read_status(history: Path) -> CollectStatus | None:
    """What the collector last said; None before it said anything."""
    try:
        return msgspec.json.decode((history / STATUS_FILE).read_bytes(), type=CollectStatus)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def read_progress(folder: Path) -> SendProgress | None:
    """What the sender last said; None before it said anything."""
    try:
        return msgspec.json.decode((folder / PROGRESS_FILE).read_bytes(), type=SendProgress)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def await_collector(live: Recorded, collector: Child) -> None:
    """Wait until the collector reads.

    Raises
    ------
    workbench.children.ChildFailed
        If it ended, or does not read in time: the run would go on unseen.
    """
    deadline_s = time.monotonic() + _READY_TIMEOUT_S
    while read_status(live.history) is None:
        collector.require_alive()
        if time.monotonic() > deadline_s:
            raise ChildFailed(f"{collector.name} did not read within {_READY_TIMEOUT_S:g} s")
        time.sleep(_POLL_S)


def watch_sending(live: Recorded, sender: Sender, collector: Child, bar: PhaseBar) -> None:
    """Follow the sender to its end.

    Raises
    ------
    workbench.children.ChildFailed
        If the sender or the collector ended badly.
    """
    confirmations = Confirmations()
    while sender.poll() is None:
        collector.require_alive()
        progress, status = read_progress(live.folder), read_status(live.history)
        if progress is not None:
            words = _words(progress, status) + confirmations.words(progress, time.monotonic())
            bar.update(progress.sent, progress.records, words)
        time.sleep(_POLL_S)
    sender.require_alive()
    progress = read_progress(live.folder)
    if progress is not None:
        bar.note = f"{progress.delivered:,} of {progress.records:,} delivered"


class Confirmations:
    """Notices when Kafka confirms nothing more: the client waits for minutes, and is silent."""

    def __init__(self) -> None:
        self._delivered = -1
        self._since_s = 0.0

    def words(self, progress: SendProgress, now_s: float) -> str:
        """What a person must be told; empty while all is well.

        Parameters
        ----------
        progress
            What the sender last said.
        now_s
            `time.monotonic`.
        """
        if progress.delivered != self._delivered:
            self._delivered, self._since_s = progress.delivered, now_s
        waiting = progress.sent - progress.delivered - progress.failed
        silent_s = now_s - self._since_s
        if waiting <= 0 or silent_s < _SILENCE_S:
            return ""
        return f"  Kafka has confirmed nothing for {silent_s:.0f} s, {waiting:,} swipes wait"


def _words(progress: SendProgress, status: CollectStatus | None) -> str:
    if progress.start_monotonic_ns is None or progress.phase not in ("sending", "flushing"):
        return progress.phase
    seconds = max((progress.time_ns - progress.start_monotonic_ns) / _NANOS_PER_S, 0.1)
    words = f"{progress.sent / seconds * 60:,.0f}/min"
    if status is not None:
        seen = status.views["uncommitted"].by_topic
        words += f"  decided {seen.get('decisions', 0):,}  alerts {seen.get('alerts', 0):,}"
    return words
