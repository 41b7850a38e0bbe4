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

from stack.faults import Landing
from stack.process import is_alive, signal_group
from stack.taskmanager_fault import TaskManagerFault

_POLL_S = 0.1
#: Flink's own time beyond the heartbeat's timeout to say that the job failed, seconds.
_NOTICE_S = 25.0
#: A process that wakes takes this long to find out that it was given up, at most, seconds.
_WAKE_S = 60.0
#: One that is on the JobManager's list stays there for so long, seconds, or it ends: woken, its
#: task finds that its transaction was fenced, and some seconds later the process is gone. A choice.
_STAYS_S = 8.0


class TaskmanagerPause(TaskManagerFault):
    """Stops one TaskManager that runs the job; `undo` lets it go on."""

    name: ClassVar[str] = "taskmanager_pause"
    number: ClassVar[signal.Signals] = signal.SIGSTOP

    def landed(self, deadline_s: float = 30.0) -> Landing:
        """Prove it, at longest beyond the heartbeat's timeout."""
        given_up_s = self.stack.settings.heartbeat_timeout_ms / 1000 + _NOTICE_S
        return super().landed(max(deadline_s, given_up_s))

    def take_back(self) -> bool:
        """Let it go on at once: a stop of a moment is noticed by nobody."""
        signal_group(self.victim, signal.SIGCONT)
        return True

    def undo(self) -> None:
        """Let it go on; one that ends itself, having been given up, is started again."""
        if not self.was_chosen or not self.invoked_ms:
            return
        signal_group(self.victim, signal.SIGCONT)
        began_s = time.monotonic()
        listed_since_s: float | None = None
        while is_alive(self.victim) and (now_s := time.monotonic()) - began_s < _WAKE_S:
            if not any(each.id == self.victim.name for each in self.stack.rest.taskmanagers()):
                listed_since_s = None
            elif listed_since_s is None:
                listed_since_s = now_s
            elif now_s - listed_since_s >= _STAYS_S:
                return
            time.sleep(_POLL_S)
        # Ended, or awake and unknown to the JobManager, which is as good as hanging.
        self.stack.restart_taskmanager(self.index)
