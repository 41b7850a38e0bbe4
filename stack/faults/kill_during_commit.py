"""What happens when a TaskManager dies between a checkpoint and the commit that follows it?

The most delicate moment of a sink in two phases: the checkpoint says that the transaction will be
committed, and the commit is on its way. Watches until a checkpoint is shown as completed, and
kills at once; the restored job must commit what the checkpoint promised, once. A checkpoint that is
shown late is let go: its commit may be over. The evidence says how long before the kill it had
completed, at most.
"""

from __future__ import annotations

import time
from typing import ClassVar, Final

from stack.faults import Landing
from stack.faults.taskmanager_kill import TaskmanagerKill
from stack.flink_home import REST_AGE_MS
from stack.local import LocalStack
from stack.process import StackError, signal_group

#: Looks at the checkpoints so often, seconds: the answer itself takes some milliseconds.
_POLL_S: Final = 0.001
#: Longest wait for a checkpoint to complete and to be shown in time, seconds.
_WAIT_S: Final = 60.0
#: In time means: at most so many ms ago. A choice: what Flink's REST interface may be behind, and
#: as much again for the asking; the commit of several sinks takes about as long.
_FRESH_MS: Final = 2 * REST_AGE_MS


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
        self._age_ms = 0

    def invoke(self) -> None:
        """Wait until a checkpoint is seen to complete, then kill at once."""
        victim = self.victim
        known, unseen_s = self._newest_completed(), time.monotonic()
        deadline_s = unseen_s + _WAIT_S
        while True:
            asked_s = time.monotonic()
            newest = self._newest_completed()
            # It was not there at the look before, whose answer may have been old already.
            age_ms = (time.monotonic() - unseen_s) * 1_000 + REST_AGE_MS
            if newest > known and age_ms <= _FRESH_MS:
                break
            known, unseen_s = max(known, newest), asked_s
            if asked_s > deadline_s:
                raise StackError(
                    f"{self.name}: no checkpoint was shown within {_FRESH_MS} ms of its "
                    f"completion, for {_WAIT_S:g} s"
                )
            time.sleep(_POLL_S)
        self.mark_invoked()
        signal_group(victim, self.number)
        self._checkpoint_id, self._age_ms = newest, round(age_ms)

    def _newest_completed(self) -> int:
        completed = self.stack.rest.checkpoints(self.job_id).completed()
        return max((each.id for each in completed), default=0)

    def landed(self, deadline_s: float = 30.0) -> Landing:
        """Add how soon after the checkpoint the kill came."""
        landing = super().landed(deadline_s)
        words = f"checkpoint {self._checkpoint_id} had completed at most {self._age_ms} ms before"
        return Landing(
            landing.landed, landing.invoked_ms, landing.noticed_ms, (*landing.evidence, words)
        )
