"""What happens when a TaskManager dies between a checkpoint and the commit that follows it?

The most delicate moment of a sink in two phases: the checkpoint says that the transaction will be
committed, and the commit is on its way. Watches until a checkpoint is shown as completed, and
kills at once; the restored job must commit what the checkpoint promised, once. Flink's REST
interface may show it late: the evidence says how long after the completion the kill came.
"""

from __future__ import annotations

import time
from typing import ClassVar

from stack.faults import Landing
from stack.faults.taskmanager_kill import TaskmanagerKill
from stack.flink_rest import RestError
from stack.local import LocalStack
from stack.process import StackError, signal_group

#: Looks at the checkpoints so often, seconds: the answer itself takes some milliseconds.
_POLL_S = 0.001
#: Longest wait for a checkpoint to complete, seconds.
_WAIT_S = 30.0


class KillDuringCommit(TaskmanagerKill):
    """Kills a TaskManager as a checkpoint completes.

    Parameters
    ----------
    stack, job_id
        See `Fault`.
    """

    name: ClassVar[str] = "kill_during_commit"
    leaves_transaction_open: ClassVar[bool] = False
    chooses_its_moment: ClassVar[bool] = True

    def __init__(self, stack: LocalStack, job_id: str) -> None:
        super().__init__(stack, job_id)
        self._checkpoint_id = 0

    def invoke(self) -> None:
        """Wait for a checkpoint to complete, then kill at once."""
        victim = self.victim
        before = self._newest_completed()
        deadline_s = time.monotonic() + _WAIT_S
        while (newest := self._newest_completed()) <= before:
            if time.monotonic() > deadline_s:
                raise StackError(f"{self.name}: no checkpoint completed within {_WAIT_S:g} s")
            time.sleep(_POLL_S)
        self.mark_invoked()
        signal_group(victim, self.number)
        self._checkpoint_id = newest

    def _newest_completed(self) -> int:
        completed = self.stack.rest.checkpoints(self.job_id).completed()
        return max((each.id for each in completed), default=0)

    def landed(self, deadline_s: float = 30.0) -> Landing:
        """Add how soon after the checkpoint the kill came."""
        landing = super().landed(deadline_s)
        delay = self._delay_ms()
        words = (
            f"checkpoint {self._checkpoint_id} had completed {delay} ms before"
            if delay is not None
            else f"checkpoint {self._checkpoint_id} had completed; Flink no longer says when"
        )
        return Landing(
            landing.landed, landing.invoked_ms, landing.noticed_ms, (*landing.evidence, words)
        )

    def _delay_ms(self) -> int | None:
        try:
            history = self.stack.rest.checkpoints(self.job_id).history
        except RestError:
            return None
        ends = [each.end_ms for each in history if each.id == self._checkpoint_id]
        return self.invoked_ms - ends[0] if ends else None
