"""What happens when the broker hangs for some seconds and then goes on?

SIGSTOP for eight seconds: connections stay open and nothing is answered, as with a stalled disk.
Shorter than the clients' request timeout (30 s), so nobody need fail; all must wait and catch up.
"""

from __future__ import annotations

import signal
import time
from typing import ClassVar

from stack import kafka
from stack.faults import Fault, Landing
from stack.local import LocalStack
from stack.process import ProcessRecord, StackError, signal_group, state_of

#: How long it hangs, seconds. A choice.
PAUSE_S = 8.0


class KafkaPause(Fault):
    """Stops the broker; `undo` lets it go on.

    Parameters
    ----------
    stack, job_id
        See `Fault`.
    """

    name: ClassVar[str] = "kafka_pause"

    def __init__(self, stack: LocalStack, job_id: str) -> None:
        super().__init__(stack, job_id)
        self._victim: ProcessRecord | None = None

    def set_up(self) -> None:
        """Require a running job and note the broker's process."""
        self.require_running_job()
        self._victim = self.stack.process(kafka.NAME)
        if self._victim is None:
            raise StackError(f"{self.name}: this stack has no running broker")

    def invoke(self) -> None:
        """Stop it."""
        if self._victim is None:
            raise StackError(f"{self.name}: invoke before set_up")
        self.mark_invoked()
        signal_group(self._victim, signal.SIGSTOP)

    def landed(self, deadline_s: float = 30.0) -> Landing:  # noqa: ARG002 - it lasts as long as it lasts
        """Prove it: the process is stopped and does not answer; wait out the pause."""
        self.require_invoked()
        assert self._victim is not None  # noqa: S101 - invoke has seen to it
        began_s = time.monotonic()
        stopped = state_of(self._victim) == "T"
        silent = not kafka.probe(self.stack.settings)()
        time.sleep(max(0.0, PAUSE_S - (time.monotonic() - began_s)))
        failure = self.first_failure()
        process = f"{self._victim.name} (pid {self._victim.pid})"
        return Landing(
            landed=stopped and silent,
            invoked_ms=self.invoked_ms,
            noticed_ms=failure.timestamp_ms if failure else None,
            evidence=(
                f"{process} {'is stopped' if stopped else 'is not stopped'} after SIGSTOP",
                f"it {'did not answer' if silent else 'answered'} meanwhile",
                self.failure_words(failure),
            ),
        )

    def undo(self) -> None:
        """Let it go on."""
        if self._victim is not None:
            signal_group(self._victim, signal.SIGCONT)
