"""What happens to the job when ZooKeeper dies and comes back with what it held?

While it is away no JobManager can prove that it leads, and no checkpoint can be noted as the
latest.
"""

from __future__ import annotations

import signal
import time
from typing import ClassVar

from stack import zookeeper
from stack.faults import Fault, Landing
from stack.flink_rest import RestError
from stack.local import LocalStack
from stack.process import ProcessRecord, StackError, is_alive, signal_group

_POLL_S = 0.1


class ZookeeperKill(Fault):
    """Kills ZooKeeper; `undo` starts it again with its data.

    Parameters
    ----------
    stack, job_id
        See `Fault`.
    """

    name: ClassVar[str] = "zookeeper_kill"
    #: How long it stays away at least, s. A choice: beyond a session of two seconds.
    outage_s: ClassVar[float] = 5.0

    def __init__(self, stack: LocalStack, job_id: str) -> None:
        super().__init__(stack, job_id)
        self._victim: ProcessRecord | None = None
        self._invoked_ms = 0

    def set_up(self) -> None:
        """Require a running job that writes checkpoints, and note the process to kill."""
        if not self.stack.settings.high_availability:
            raise StackError(
                f"{self.name}: this stack has no ZooKeeper; bring it up with high availability "
                "(--ha)"
            )
        detail = self.stack.rest.job(self.job_id)
        if not detail.all_tasks_running:
            raise StackError(f"{self.name}: job {detail.name} is {detail.state}, not yet running")
        self._victim = self.stack.process(zookeeper.NAME)
        if self._victim is None:
            raise StackError(f"{self.name}: ZooKeeper does not run")

    def invoke(self) -> None:
        """Kill the JVM at once."""
        if self._victim is None:
            raise StackError(f"{self.name}: invoke before set_up")
        self._invoked_ms = time.time_ns() // 1_000_000
        signal_group(self._victim, signal.SIGKILL)

    def landed(self, deadline_s: float = 30.0) -> Landing:
        """Prove it: the process is gone, and nobody answered in its place for the whole outage."""
        if self._victim is None or not self._invoked_ms:
            raise StackError(f"{self.name}: landed before invoke")
        began_s = time.monotonic()
        answers = zookeeper.probe(self.stack.settings)
        gone, answered, noticed_ms = False, False, None
        while time.monotonic() - began_s < min(self.outage_s, deadline_s):
            gone = not is_alive(self._victim)
            answered = answered or (gone and answers())
            noticed_ms = noticed_ms or self._noticed_ms()
            time.sleep(_POLL_S)
        process = f"{self._victim.name} (pid {self._victim.pid})"
        evidence = [
            f"{process} {'is gone' if gone else 'still runs'} after SIGKILL",
            f"{self.stack.settings.zookeeper_address} "
            + ("answered" if answered else f"did not answer for {self.outage_s:g} s"),
        ]
        if noticed_ms is None:
            evidence.append("the job did not leave RUNNING meanwhile")
        else:
            evidence.append(f"the job left RUNNING {noticed_ms - self._invoked_ms} ms after it")
        return Landing(
            landed=gone and not answered,
            invoked_ms=self._invoked_ms,
            noticed_ms=noticed_ms,
            evidence=tuple(evidence),
        )

    def undo(self) -> None:
        """Start ZooKeeper again if it is not running."""
        if self._victim is not None and self.stack.process(zookeeper.NAME) is None:
            self.stack.restart(zookeeper.NAME)

    def _noticed_ms(self) -> int | None:
        """When it was first seen that the job does not run, or that nobody leads."""
        try:
            if self.stack.rest.job(self.job_id).state == "RUNNING":
                return None
        except RestError as error:
            if not error.is_between_leaders:
                raise
        return time.time_ns() // 1_000_000
