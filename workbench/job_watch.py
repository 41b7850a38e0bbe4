"""What happened to the job while it ran: checkpoints, restarts, exceptions?"""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from stack.flink_rest import RestError
from stack.local import LocalStack
from workbench.completion import Completion
from workbench.running_job import RunningJob

#: Flink keeps a bounded history of checkpoints: it is read so often, seconds.
_EVERY_S: Final = 1.0
_FAILED_COMMITS: Final = ".failedCommittables"


class JobWatch:
    """Reads Flink's REST interface in the background while the job runs.

    Parameters
    ----------
    stack, job
        The job; it may move from one id to the next.
    transactional
        Whether its sink writes in transactions; otherwise no commit can fail.

    Attributes
    ----------
    checkpoints
        By id, as they stand in ``job.json``.
    takeovers
        How often another JobManager was seen to have taken the job up. It counts everything anew;
        here the counts go on.
    """

    def __init__(self, stack: LocalStack, job: RunningJob, *, transactional: bool) -> None:
        self._transactional = transactional
        self._rest = stack.rest
        self._job = job
        self._job_id = job.id
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="job-watch", daemon=True)
        self.checkpoints: dict[int, dict[str, Any]] = {}
        self.checkpoint_counts: dict[str, int] = {}
        self.restarts = 0
        self.exceptions: dict[tuple[int, str], dict[str, Any]] = {}
        self.takeovers = 0
        self._counts_now: dict[str, int] = {}
        self._counts_before: Counter[str] = Counter()
        self._restarts_now = self._restarts_before = 0
        self.failed_commits: int | None = None
        self.unanswered = 0
        self._commit_metrics: dict[str, list[str]] = {}

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop watching."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_EVERY_S):
            self.read()

    def completed(self) -> int:
        """Checkpoints completed so far, by a look just now."""
        self.read()
        return self.checkpoint_counts.get("completed", 0)

    def read(self) -> None:
        """Take one look; a cluster that does not answer is counted, and asked again later."""
        with self._lock:
            self._read()

    def _read(self) -> None:
        self._follow()
        try:
            found = self._rest.checkpoints(self._job_id)
            exceptions = self._rest.exceptions(self._job_id)
            restarts = self._rest.restarts(self._job_id)
            self.failed_commits = self._count_failed_commits()
        except RestError:
            self.unanswered += 1
            return
        # Flink's REST loses the metric for a while as a TaskManager dies; each failure it tells of
        # was followed by a restart.
        self._count(msgspec.to_builtins(found.counts), max(restarts, len(exceptions)))
        for each in found.history:
            self.checkpoints[each.id] = {
                "id": each.id,
                "status": each.status,
                "trigger_ms": each.trigger_ms,
                "end_ms": each.end_ms,
                "duration_ms": each.duration_ms,
                "state_size_bytes": each.state_bytes,
                "checkpointed_bytes": each.checkpointed_bytes,
                "savepoint": each.is_savepoint,
            }
        for exception in exceptions:
            self.exceptions[exception.timestamp_ms, exception.first_line] = {
                "timestamp_ms": exception.timestamp_ms,
                "task": exception.task_name,
                "taskmanager": exception.taskmanager_id,
                "message": exception.first_line[:500],
                "stacktrace": exception.stacktrace[:4000],
            }

    def _follow(self) -> None:
        """Where the job was submitted anew, what it had counted stands."""
        if self._job.id != self._job_id:
            self._job_id = self._job.id
            self._counts_before.update({**self._counts_now, "in_progress": 0})
            self._restarts_before += self._restarts_now
            self._counts_now, self._restarts_now = {}, 0

    def _count(self, counts: dict[str, int], restarts: int) -> None:
        """Take in what the JobManager that leads has counted."""
        if counts["total"] < self._counts_now.get("total", 0):
            self.takeovers += 1
            self._counts_before.update({**self._counts_now, "in_progress": 0})
            # The job began again with the one that took it up.
            self._restarts_before += self._restarts_now + 1
            self._restarts_now = 0
        self._counts_now = counts
        self._restarts_now = max(self._restarts_now, restarts)
        self.checkpoint_counts = {
            name: count + self._counts_before[name] for name, count in counts.items()
        }
        self.restarts = self._restarts_before + self._restarts_now

    def _count_failed_commits(self) -> int | None:
        """Sum over all committers; None while Flink has not reported the metric yet."""
        if not self._transactional:
            return 0
        total = None
        for vertex in self._rest.job(self._job_id).vertices:
            names = self._commit_metrics.get(vertex.id)
            if names is None:
                known = self._rest.metric_names(self._job_id, vertex.id)
                names = [name for name in known if name.endswith(_FAILED_COMMITS)]
                if names:
                    self._commit_metrics[vertex.id] = names
            for value in (
                self._rest.metrics(self._job_id, vertex.id, names).values() if names else ()
            ):
                total = (total or 0) + int(value)
        # After a restart Flink counts from zero again: the highest count seen stands.
        if total is None or self.failed_commits is None:
            return total if self.failed_commits is None else self.failed_commits
        return max(total, self.failed_commits)

    def write(self, file: Path, completion: Completion) -> None:
        """Write ``job.json``."""
        self.read()
        record = {
            "complete": completion.complete,
            "incomplete_because": completion.reason,
            "proves_nothing_because": completion.proves_nothing_because,
            "restarts": self.restarts,
            "jobmanager_takeovers": self.takeovers,
            "failed_commits": self.failed_commits,
            "exceptions": [self.exceptions[key] for key in sorted(self.exceptions)],
            "checkpoints": [self.checkpoints[key] for key in sorted(self.checkpoints)],
            "checkpoint_counts": self.checkpoint_counts,
            "cpu_s": completion.cpu_s,
        }
        file.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=2))
