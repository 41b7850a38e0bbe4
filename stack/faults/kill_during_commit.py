"""What happens when a TaskManager dies between a checkpoint and the commit that follows it?

The most delicate moment of a sink in two phases: the checkpoint says that the transaction will be
committed, and the commit is on its way. Watches the JobManager's log for the line that it writes as
it sends word of the checkpoint, and kills at once; the restored job must commit what the checkpoint
promised, once. A line that was seen late is let go: its commit may be over. Whether the commit was
hit is read off the history afterwards (`evaluation.promised`).
"""

from __future__ import annotations

import time
from typing import ClassVar, Final

from stack.completion_log import CompletionLog
from stack.faults import Landing
from stack.faults.taskmanager_kill import TaskmanagerKill
from stack.local import LocalStack
from stack.process import StackError, signal_group

#: Looks at the log so often, seconds: a look takes a tenth of it.
_POLL_S: Final = 0.0005
#: Longest wait for a checkpoint to complete and to be seen in time, seconds.
_WAIT_S: Final = 60.0
#: In time means: written at most so many ms ago. A choice: a commit of several sinks takes longer.
_FRESH_MS: Final = 20.0


class KillDuringCommit(TaskmanagerKill):
    """Kills a TaskManager as a checkpoint completes.

    Parameters
    ----------
    stack, job_id
        See `Fault`.
    """

    name: ClassVar[str] = "kill_during_commit"
    chooses_its_moment: ClassVar[bool] = True

    def __init__(self, stack: LocalStack, job_id: str) -> None:
        super().__init__(stack, job_id)
        self._checkpoint_id = 0
        self._age_ms = 0.0

    def invoke(self) -> None:
        """Wait until a checkpoint is seen to complete, then kill at once."""
        victim = self.victim
        began_s = looked_s = time.monotonic()
        log = CompletionLog(self.stack.settings)
        while True:
            before_s, looked_s = looked_s, time.monotonic()
            newest = log.completed()
            # It was not there at the look before.
            age_ms = (time.monotonic() - before_s) * 1_000
            if newest is not None and age_ms <= _FRESH_MS:
                break
            if looked_s - began_s > _WAIT_S:
                raise StackError(
                    f"{self.name}: no checkpoint was seen within {_FRESH_MS:g} ms of its "
                    f"completion, for {_WAIT_S:g} s"
                )
            time.sleep(_POLL_S)
        self.mark_invoked()
        signal_group(victim, self.number)
        self._checkpoint_id, self._age_ms = newest, age_ms

    def landed(self, deadline_s: float = 30.0) -> Landing:
        """Add how soon after the checkpoint the kill came."""
        landing = super().landed(deadline_s)
        words = (
            f"word of checkpoint {self._checkpoint_id} had been sent at most {self._age_ms:.1f} ms "
            "before"
        )
        return Landing(
            landing.landed, landing.invoked_ms, landing.noticed_ms, (*landing.evidence, words)
        )
