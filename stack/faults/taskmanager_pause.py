"""What happens when a TaskManager hangs past its heartbeat, is given up, and comes back?

SIGSTOP until Flink has given it up and restarted the job elsewhere (or waits for a slot), then
SIGCONT: the process wakes in the belief that it still owns its tasks and their open transaction,
as after a long pause of the garbage collector or a stalled virtual machine. Its transaction must
have been fenced.
"""

from __future__ import annotations

import signal
import time
from typing import ClassVar

from stack.faults import Fault, Landing
from stack.local import LocalStack
from stack.process import ProcessRecord, StackError, is_alive, signal_group, state_of
from stack.victim import busy_taskmanager

_POLL_S = 0.1
#: Flink's own time beyond the heartbeat's timeout to say that the job failed, seconds.
_NOTICE_S = 25.0
#: A process that wakes takes this long to find out that it was given up, at most, seconds.
_WAKE_S = 60.0


class TaskmanagerPause(Fault):
    """Stops one TaskManager that runs the job; `undo` lets it go on.

    Parameters
    ----------
    stack, job_id
        See `Fault`.

    Attributes
    ----------
    index
        Which TaskManager, from `set_up` on.
    """

    name: ClassVar[str] = "taskmanager_pause"
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
        """Require a running job and note the process to stop."""
        self.require_running_job()
        self.index, self._victim = busy_taskmanager(self.stack, self.name)
        self._has_spare = any(each.free_slots for each in self.stack.rest.taskmanagers())

    def invoke(self) -> None:
        """Stop the JVM and what it started."""
        if self._victim is None:
            raise StackError(f"{self.name}: invoke before set_up")
        self.mark_invoked()
        signal_group(self._victim, signal.SIGSTOP)

    def landed(self, deadline_s: float = 30.0) -> Landing:
        """Prove it: the process is stopped, and Flink gave it up."""
        self.require_invoked()
        assert self._victim is not None  # noqa: S101 - invoke has seen to it
        began_s = time.monotonic()
        longest_s = max(deadline_s, self.stack.settings.heartbeat_timeout_ms / 1000 + _NOTICE_S)
        while True:
            stopped, failure = state_of(self._victim) == "T", self.first_failure()
            if (stopped and failure) or time.monotonic() - began_s > longest_s:
                break
            time.sleep(_POLL_S)
        process = f"{self._victim.name} (pid {self._victim.pid})"
        return Landing(
            landed=stopped and failure is not None,
            invoked_ms=self.invoked_ms,
            noticed_ms=failure.timestamp_ms if failure else None,
            evidence=(
                f"{process} {'is stopped' if stopped else 'is not stopped'} after SIGSTOP",
                self.failure_words(failure),
            ),
        )

    def undo(self) -> None:
        """Let it go on; one that ends itself, having been given up, is started again."""
        if self._victim is None or not self.invoked_ms:
            return
        signal_group(self._victim, signal.SIGCONT)
        began_s = time.monotonic()
        while time.monotonic() - began_s < _WAKE_S:
            if not is_alive(self._victim):
                self.stack.restart_taskmanager(self.index)
                return
            if any(each.id == self._victim.name for each in self.stack.rest.taskmanagers()):
                return
            time.sleep(_POLL_S)
        # Awake and unknown to the JobManager: as good as hanging.
        self.stack.restart_taskmanager(self.index)
