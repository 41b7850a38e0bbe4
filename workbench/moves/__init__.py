"""Which planned moves are there, that a job in service has to survive as it does a fault?

A move stops the job with a savepoint and submits it again from there, in another way. It is one
file in this folder with one `Move` subclass, and is a fault to whoever brings it about.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import time
from abc import abstractmethod

from stack.faults import Fault, Landing
from stack.flink_rest import RestError
from stack.local import LocalStack
from workbench.plan import JobPlan
from workbench.running_job import RunningJob

_POLL_S = 0.1


class Move(Fault):
    """One way to submit the job anew from a savepoint.

    Parameters
    ----------
    stack
        The running stack.
    job
        The job that moves.
    """

    def __init__(self, stack: LocalStack, job: RunningJob) -> None:
        super().__init__(stack, job.id)
        self.job = job
        self._savepoint = ""

    @abstractmethod
    def next_plan(self) -> JobPlan:
        """How it is submitted afterwards; a `StackError` where the stack does not allow it."""

    @abstractmethod
    def evidence(self) -> tuple[bool, str]:
        """Whether the job runs in the other way, and the sentence that says so."""

    def before_start(self) -> None:
        """What is to be done while it is stopped; nothing unless a move says so."""

    def set_up(self) -> None:
        """Require a running job, and that the move is possible."""
        self.require_running_job()
        self.next_plan()

    def invoke(self) -> None:
        """Stop it with a savepoint, and submit it from there."""
        self.mark_invoked()
        self._savepoint = self.job.move(self.next_plan(), self.before_start)

    def landed(self, deadline_s: float = 30.0) -> Landing:
        """Prove it: the savepoint was restored, and the job runs in the other way."""
        self.require_invoked()
        began_s, restored = time.monotonic(), False
        while not restored and time.monotonic() - began_s < deadline_s:
            try:
                restored = self.stack.rest.checkpoints(self.job.id).counts.restored > 0
            except RestError:
                restored = False
            time.sleep(_POLL_S)
        moved, sentence = self.evidence()
        origin = "from the savepoint" if restored else "but not from the savepoint"
        return Landing(
            landed=restored and moved and self.job.id != self.job_id,
            invoked_ms=self.invoked_ms,
            noticed_ms=None,
            evidence=(f"job {self.job.id} took over from {self.job_id}, {origin}", sentence),
        )

    def undo(self) -> None:
        """The job stays as it is; the savepoint has served."""
        if self._savepoint:
            self.stack.remove_savepoint(self._savepoint)


def discover() -> dict[str, type[Move]]:
    """Find every move of this folder by its name."""
    found: dict[str, type[Move]] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for _, member in inspect.getmembers(module, inspect.isclass):
            if issubclass(member, Move) and member.__module__ == module.__name__:
                found[member.name] = member
    return found
