"""What happens to the job when the machine of a TaskManager dies?

SIGKILL to the JVM: no shutdown hook runs, open transactions stay open, local state is gone as far
as the job may rely on it.
"""

from __future__ import annotations

import signal
import time
from typing import ClassVar

from stack.faults import Fault, Landing
from stack.flink import taskmanager_name
from stack.flink_rest import JobException
from stack.local import LocalStack
from stack.process import ProcessRecord, StackError, is_alive, signal_group

_POLL_S = 0.1


class TaskmanagerKill(Fault):
    """Kills one TaskManager that runs the job; `undo` starts it again.

    Parameters
    ----------
    stack, job_id
        See `Fault`.

    Attributes
    ----------
    index
        Which TaskManager, from `set_up` on.
    """

    name: ClassVar[str] = "taskmanager_kill"

    def __init__(self, stack: LocalStack, job_id: str) -> None:
        super().__init__(stack, job_id)
        self.index = 0
        self._victim: ProcessRecord | None = None
        self._invoked_ms = 0

    def set_up(self) -> None:
        """Require a running job and note the process to kill."""
        detail = self.stack.rest.job(self.job_id)
        if not detail.all_tasks_running:
            raise StackError(f"{self.name}: job {detail.name} is {detail.state}, not yet running")
        self.index = self._busy_index()
        self._victim = self.stack.taskmanager_record(self.index)
        if self._victim is None:
            raise StackError(f"{self.name}: taskmanager-{self.index} does not run")

    def invoke(self) -> None:
        """Kill the JVM and what it started, at once."""
        if self._victim is None:
            raise StackError(f"{self.name}: invoke before set_up")
        self._invoked_ms = time.time_ns() // 1_000_000
        signal_group(self._victim, signal.SIGKILL)

    def landed(self, deadline_s: float = 30.0) -> Landing:
        """Prove it: the process is gone, and the job failed after the kill."""
        if self._victim is None or not self._invoked_ms:
            raise StackError(f"{self.name}: landed before invoke")
        began_s = time.monotonic()
        while True:
            gone = not is_alive(self._victim)
            failure = self._failure_since()
            if (gone and failure) or time.monotonic() - began_s > deadline_s:
                return self._landing(self._victim, gone, failure)
            time.sleep(_POLL_S)

    def undo(self) -> None:
        """Start the TaskManager again if it is not running."""
        if self.stack.taskmanager_record(self.index) is None:
            self.stack.restart_taskmanager(self.index)

    def _busy_index(self) -> int:
        # A stack may be larger than its job; the death of a spare TaskManager hits nobody.
        busy = {each.id for each in self.stack.rest.taskmanagers() if each.free_slots < each.slots}
        for index in range(self.stack.settings.taskmanagers):
            if taskmanager_name(index) in busy:
                return index
        raise StackError(f"{self.name}: no TaskManager of this stack runs the job")

    def _failure_since(self) -> JobException | None:
        failures = self.stack.rest.exceptions(self.job_id)
        return next((each for each in failures if each.timestamp_ms >= self._invoked_ms), None)

    def _landing(self, victim: ProcessRecord, gone: bool, failure: JobException | None) -> Landing:
        process = f"{victim.name} (pid {victim.pid})"
        evidence = [f"{process} {'is gone' if gone else 'still runs'} after SIGKILL"]
        if failure is None:
            evidence.append("the job noted no failure since")
        else:
            delay_ms = failure.timestamp_ms - self._invoked_ms
            evidence.append(f"the job failed {delay_ms} ms after it: {failure.first_line}")
        return Landing(
            landed=gone and failure is not None,
            invoked_ms=self._invoked_ms,
            noticed_ms=failure.timestamp_ms if failure else None,
            evidence=tuple(evidence),
        )
