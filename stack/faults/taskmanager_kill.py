"""What happens to the job when the machine of a TaskManager dies?

SIGKILL to the JVM: no shutdown hook runs, open transactions stay open, local state is gone as far
as the job may rely on it.
"""

from __future__ import annotations

import signal
from typing import ClassVar

from stack.taskmanager_fault import TaskManagerFault


class TaskmanagerKill(TaskManagerFault):
    """Kills one TaskManager that runs the job; `undo` starts it again."""

    name: ClassVar[str] = "taskmanager_kill"
    number: ClassVar[signal.Signals] = signal.SIGKILL

    def undo(self) -> None:
        """Start the TaskManager again if it is not running."""
        if self.was_chosen and self.stack.taskmanager_record(self.index) is None:
            self.stack.restart_taskmanager(self.index)
