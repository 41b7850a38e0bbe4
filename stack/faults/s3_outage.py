"""What happens to the job when the object store does not answer for some seconds?

SIGSTOP: connections stay open and nobody answers on them, as when a network path is lost. No
checkpoint can complete meanwhile, and with it nothing that the job writes is committed.
"""

from __future__ import annotations

import signal
import time
from typing import ClassVar

from stack import object_store
from stack.faults import Landing
from stack.flink_answers import Checkpoints
from stack.flink_rest import RestError
from stack.local import LocalStack
from stack.process import ProcessRecord, StackError, signal_group
from stack.settings import StackSettings
from stack.signalled import SignalFault

_POLL_S = 0.1


class S3Outage(SignalFault):
    """Stops the object store's process for a while; `undo` lets it go on.

    Parameters
    ----------
    stack, job_id
        See `Fault`.
    """

    name: ClassVar[str] = "s3_outage"
    needs: ClassVar[str] = "checkpoints in an object store (--s3)"
    number: ClassVar[signal.Signals] = signal.SIGSTOP
    #: How long it does not answer at least, s. A choice: many checkpoints long.
    outage_s: ClassVar[float] = 5.0
    #: How long a checkpoint has to wait for the outage to have hit it, as a share of the outage.
    #: A choice.
    delayed_share: ClassVar[float] = 0.5

    def __init__(self, stack: LocalStack, job_id: str) -> None:
        super().__init__(stack, job_id)
        self._failed_before = 0

    @classmethod
    def fits(cls, settings: StackSettings) -> bool:
        """Whether checkpoints lie in an object store."""
        return settings.object_store

    def choose(self) -> ProcessRecord:
        """The object store, of a job that has completed a checkpoint."""
        if not self.stack.settings.object_store:
            raise StackError(
                f"{self.name}: this stack has no object store; bring it up with one (--s3)"
            )
        counts = self.stack.rest.checkpoints(self.job_id).counts
        if not counts.completed:
            raise StackError(f"{self.name}: the job has completed no checkpoint yet")
        self._failed_before = counts.failed
        return self.service(object_store.NAME)

    def landed(self, deadline_s: float = 30.0) -> Landing:
        """Prove it: in the outage a checkpoint failed, or one waited for most of it."""
        self.require_invoked()
        began_s = time.monotonic()
        hit: str | None = None
        while True:
            gone_s = time.monotonic() - began_s
            hit = self._hit() or hit
            if (hit and gone_s >= self.outage_s) or gone_s >= deadline_s:
                break
            time.sleep(_POLL_S)
        evidence = (
            f"{self.victim.name} (pid {self.victim.pid}) was stopped for {gone_s:.1f} s",
            hit or "no checkpoint failed or waited for it",
        )
        return Landing(hit is not None, self.invoked_ms, None, evidence)

    def undo(self) -> None:
        """Let the process go on, or start it again if it is gone."""
        if self.was_chosen:
            signal_group(self.victim, signal.SIGCONT)
        self.start_again()

    def _hit(self) -> str | None:
        """The sentence that tells which checkpoint the outage hit; None if none so far."""
        try:
            found = self.stack.rest.checkpoints(self.job_id)
        except RestError:
            return None
        failed = found.counts.failed - self._failed_before
        if failed > 0:
            return f"{failed} checkpoints failed since"
        return self._waiting(found)

    def _waiting(self, found: Checkpoints) -> str | None:
        now_ms = time.time_ns() // 1_000_000
        for each in found.history:
            # Before the outage it waited for something else.
            waited_ms = now_ms - max(each.trigger_ms, self.invoked_ms)
            if (
                each.status == "IN_PROGRESS"
                and waited_ms >= self.outage_s * self.delayed_share * 1e3
            ):
                return f"checkpoint {each.id} waited {waited_ms} ms and had not completed"
        return None
