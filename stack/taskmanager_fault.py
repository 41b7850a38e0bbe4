"""How does a fault hit a TaskManager that runs the job, and what proves that it did?"""

from __future__ import annotations

import time
from typing import ClassVar

from stack.faults import Landing
from stack.local import LocalStack
from stack.process import ProcessRecord
from stack.signalled import SignalFault
from stack.victim import busy_taskmanager

_POLL_S = 0.1


class TaskManagerFault(SignalFault):
    """Hits one TaskManager that runs the job, and waits for the job to fail.

    Parameters
    ----------
    stack, job_id
        See `stack.faults.Fault`.

    Attributes
    ----------
    index
        Which TaskManager, from `set_up` on.
    """

    leaves_transaction_open: ClassVar[bool] = True

    def __init__(self, stack: LocalStack, job_id: str) -> None:
        super().__init__(stack, job_id)
        self.index = 0
        self._has_spare = False

    @property
    def job_comes_back_alone(self) -> bool:
        """Whether a spare TaskManager stood by."""
        return self._has_spare

    def choose(self) -> ProcessRecord:
        """A TaskManager that runs the job; notes whether another stands by."""
        self.index, record = busy_taskmanager(self.stack, self.name)
        self._has_spare = any(each.free_slots for each in self.stack.rest.taskmanagers())
        return record

    def landed(self, deadline_s: float = 30.0) -> Landing:
        """Prove it: the signal did its work, and the job failed after it."""
        self.require_invoked()
        began_s = time.monotonic()
        while True:
            hit, failure = self.is_hit(), self.first_failure()
            if (hit and failure) or time.monotonic() - began_s > deadline_s:
                break
            time.sleep(_POLL_S)
        return Landing(
            landed=hit and failure is not None,
            invoked_ms=self.invoked_ms,
            noticed_ms=failure.timestamp_ms if failure else None,
            evidence=(self.hit_words(hit=hit), self.failure_words(failure)),
        )
