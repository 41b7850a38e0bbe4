"""What happens when the broker dies, with transactions open and requests under way?

SIGKILL, and two seconds later a start from the same folder: the broker finds its logs unclean,
recovers them, and its transaction coordinator reads which transactions were open.
"""

from __future__ import annotations

import signal
import time
from typing import ClassVar

from stack import kafka
from stack.faults import Fault, Landing
from stack.local import LocalStack
from stack.process import ProcessRecord, StackError, is_alive, signal_group

_POLL_S = 0.1
#: How long nobody is there, seconds, besides the time of the start. A choice.
AWAY_S = 2.0


class KafkaKill(Fault):
    """Kills the broker; `undo` starts it again.

    Parameters
    ----------
    stack, job_id
        See `Fault`.
    """

    name: ClassVar[str] = "kafka_kill"

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
        """Kill it at once."""
        if self._victim is None:
            raise StackError(f"{self.name}: invoke before set_up")
        self.mark_invoked()
        signal_group(self._victim, signal.SIGKILL)

    def landed(self, deadline_s: float = 30.0) -> Landing:
        """Prove it: the process is gone and its port does not answer."""
        self.require_invoked()
        assert self._victim is not None  # noqa: S101 - invoke has seen to it
        began_s = time.monotonic()
        while is_alive(self._victim) and time.monotonic() - began_s < deadline_s:
            time.sleep(_POLL_S)
        gone = not is_alive(self._victim)
        silent = not kafka.probe(self.stack.settings)()
        time.sleep(AWAY_S)
        failure = self.first_failure()
        process = f"{self._victim.name} (pid {self._victim.pid})"
        return Landing(
            landed=gone and silent,
            invoked_ms=self.invoked_ms,
            noticed_ms=failure.timestamp_ms if failure else None,
            evidence=(
                f"{process} {'is gone' if gone else 'still runs'} after SIGKILL",
                f"its port {'does not answer' if silent else 'still answers'}",
                self.failure_words(failure),
            ),
        )

    def undo(self) -> None:
        """Start the broker again if it is not running."""
        if self._victim is not None and self.stack.process(kafka.NAME) is None:
            self.stack.restart(kafka.NAME)
