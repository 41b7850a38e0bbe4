"""What happens to the job when the machine of the leading JobManager dies?

SIGKILL to the JVM: it resigns from nothing. Its session at ZooKeeper has to expire before the
standby leads, and the standby takes the job up from its last checkpoint.
"""

from __future__ import annotations

import signal
import time
from typing import ClassVar

from stack import zookeeper
from stack.faults import Landing
from stack.flink import jobmanager_name
from stack.flink_rest import RestError
from stack.local import LocalStack
from stack.process import ProcessRecord, StackError
from stack.settings import StackSettings
from stack.signalled import SignalFault

_POLL_S = 0.1


class JobmanagerKill(SignalFault):
    """Kills the JobManager that leads; `undo` starts it again, and it stands by.

    Parameters
    ----------
    stack, job_id
        See `Fault`.
    """

    name: ClassVar[str] = "jobmanager_kill"
    needs: ClassVar[str] = "a second JobManager: high availability (--ha)"
    number: ClassVar[signal.Signals] = signal.SIGKILL

    def __init__(self, stack: LocalStack, job_id: str) -> None:
        super().__init__(stack, job_id)
        self._leader_before = ""

    @property
    def job_comes_back_alone(self) -> bool:
        """The standby takes it up."""
        return True

    @classmethod
    def fits(cls, settings: StackSettings) -> bool:
        """Whether another JobManager stands by."""
        return settings.high_availability

    def choose(self) -> ProcessRecord:
        """The JobManager that leads; a standby has to be there."""
        urls = self.stack.settings.flink_rest_urls
        if len(urls) < 2:
            raise StackError(
                f"{self.name}: this stack has one JobManager, with which the job would be gone; "
                "bring it up with high availability (--ha)"
            )
        leader = zookeeper.leader_url(self.stack.settings)
        if leader not in urls:
            raise StackError(f"{self.name}: ZooKeeper knows no JobManager that leads")
        self._leader_before = leader
        processes = {url: self.stack.process(jobmanager_name(n)) for n, url in enumerate(urls)}
        if None in processes.values():
            raise StackError(f"{self.name}: a JobManager is not running, so none can take over")
        return self.service(jobmanager_name(urls.index(leader)))

    def landed(self, deadline_s: float = 30.0) -> Landing:
        """Prove it: the process is gone, another leads, and it has taken the job up."""
        self.require_invoked()
        began_s = time.monotonic()
        while True:
            gone = self.is_hit()
            leader = zookeeper.leader_url(self.stack.settings)
            taken_up_ms = self._taken_up_ms() if leader not in (None, self._leader_before) else None
            if (gone and taken_up_ms) or time.monotonic() - began_s > deadline_s:
                return self._landing(gone, leader, taken_up_ms)
            time.sleep(_POLL_S)

    def undo(self) -> None:
        """Start the dead JobManager again if it is not running."""
        self.start_again()

    def _taken_up_ms(self) -> int | None:
        """When the JobManager that leads began with the job; None if it has not since the kill."""
        try:
            since = self.stack.rest.job(self.job_id).state_since_ms.get("INITIALIZING", 0)
        except RestError:
            return None
        return since if since >= self.invoked_ms else None

    def _landing(self, gone: bool, leader: str | None, taken_up_ms: int | None) -> Landing:
        evidence = [self.hit_words(hit=gone)]
        changed = leader not in (None, self._leader_before)
        if changed:
            evidence.append(f"{self._leader_before} led before, {leader} leads since")
        else:
            evidence.append(f"ZooKeeper names {leader or 'nobody'} as the leader")
        if taken_up_ms is None:
            evidence.append("nobody has taken the job up since")
        else:
            evidence.append(f"it took the job up {taken_up_ms - self.invoked_ms} ms after it")
        return Landing(
            landed=gone and changed and taken_up_ms is not None,
            invoked_ms=self.invoked_ms,
            noticed_ms=taken_up_ms,
            evidence=tuple(evidence),
        )
