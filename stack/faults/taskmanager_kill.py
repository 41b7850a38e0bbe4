"""What happens to the job when the machine of a TaskManager dies?

SIGKILL to the JVM: no shutdown hook runs, open transactions stay open, local state is gone as far
as the job may rely on it.
"""

from __future__ import annotations

import signal
import time
from typing import ClassVar

from stack.faults import Fault, Landing
from stack.local import LocalStack
from stack.process import ProcessRecord, StackError, is_alive, signal_group
from stack.victim import busy_taskmanager

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
    leaves_transaction_open: ClassVar[bool] = True

    def __init__(self, stack: LocalStack, job_id: str) -> None:
        super().__init__(stack, job_id)
        self.index = 0
        self._victim: ProcessRecord | None = None
        self._has_spare = False

    @property
    def job_comes_back_alone(self) -> bool:
        """Whether a spare TaskManager stood by."""
        return self._has_spare

    def set_up(self) -> None:
        """Require a running job and note the process to kill."""
        self.require_running_job()
        self.index, self._victim = busy_taskmanager(self.stack, self.name)
        self._has_spare = any(each.free_slots for each in self.stack.rest.taskmanagers())

    def invoke(self) -> None:
        """Kill the JVM and what it started, at once."""
        if self._victim is None:
            raise StackError(f"{self.name}: invoke before set_up")
        self.mark_invoked()
        signal_group(self._victim, signal.SIGKILL)

    def landed(self, deadline_s: float = 30.0) -> Landing:
        """Prove it: the process is gone, and the job failed after the kill."""
        self.require_invoked()
        assert self._victim is not None  # noqa: S101 - invoke has seen to it
        began_s = time.monotonic()
        while True:
            gone, failure = not is_alive(self._victim), self.first_failure()
            if (gone and failure) or time.monotonic() - began_s > deadline_s:
                break
            time.sleep(_POLL_S)
        process = f"{self._victim.name} (pid {self._victim.pid})"
        return Landing(
            landed=gone and failure is not None,
            invoked_ms=self.invoked_ms,
            noticed_ms=failure.timestamp_ms if failure else None,
            evidence=(
                f"{process} {'is gone' if gone else 'still runs'} after SIGKILL",
                self.failure_words(failure),
            ),
        )

    def undo(self) -> None:
        """Start the TaskManager again if it is not running."""
        if self._victim is not None and self.stack.taskmanager_record(self.index) is None:
            self.stack.restart_taskmanager(self.index)
