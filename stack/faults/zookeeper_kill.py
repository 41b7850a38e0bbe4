"""What happens to the job when ZooKeeper dies and comes back with what it held?

While it is away no JobManager can prove that it leads, and no checkpoint can be noted as the
latest. It stays away for longer than a session: the leader must give up, or nothing was hit.
"""

from __future__ import annotations

import signal
import time
from typing import ClassVar

from stack import zookeeper
from stack.faults import Landing
from stack.flink_rest import RestError
from stack.process import ProcessRecord, StackError
from stack.settings import StackSettings
from stack.signalled import SignalFault

_POLL_S = 0.1


class ZookeeperKill(SignalFault):
    """Kills ZooKeeper; `undo` starts it again with its data.

    Parameters
    ----------
    stack, job_id
        See `Fault`.
    """

    name: ClassVar[str] = "zookeeper_kill"
    needs: ClassVar[str] = "ZooKeeper: high availability (--ha)"
    number: ClassVar[signal.Signals] = signal.SIGKILL
    #: How much longer than a session it stays away at least, s. A choice.
    beyond_session_s: ClassVar[float] = 2.0

    @property
    def outage_s(self) -> float:
        """How long it stays away at least, s."""
        return self.stack.settings.zookeeper_session_ms / 1_000 + self.beyond_session_s

    @classmethod
    def fits(cls, settings: StackSettings) -> bool:
        """Whether there is a ZooKeeper."""
        return settings.high_availability

    def choose(self) -> ProcessRecord:
        """ZooKeeper."""
        if not self.stack.settings.high_availability:
            raise StackError(
                f"{self.name}: this stack has no ZooKeeper; bring it up with high availability "
                "(--ha)"
            )
        return self.service(zookeeper.NAME)

    def landed(self, deadline_s: float = 30.0) -> Landing:
        """Prove it: the process is gone, nobody answered in its place, and the lead was lost."""
        self.require_invoked()
        began_s = time.monotonic()
        answers = zookeeper.probe(self.stack.settings)
        gone, answered, noticed_ms = False, False, None
        while True:
            gone_s = time.monotonic() - began_s
            gone = self.is_hit()
            answered = answered or (gone and answers())
            noticed_ms = noticed_ms or self._noticed_ms()
            if (noticed_ms and gone_s >= self.outage_s) or gone_s >= deadline_s:
                break
            time.sleep(_POLL_S)
        evidence = [
            self.hit_words(hit=gone),
            f"{self.stack.settings.zookeeper_address} "
            + ("answered" if answered else f"did not answer for {gone_s:.1f} s"),
        ]
        if noticed_ms is None:
            evidence.append("the job did not leave RUNNING meanwhile: no leader gave up")
        else:
            evidence.append(f"the job left RUNNING {noticed_ms - self.invoked_ms} ms after it")
        return Landing(
            landed=gone and not answered and noticed_ms is not None,
            invoked_ms=self.invoked_ms,
            noticed_ms=noticed_ms,
            evidence=tuple(evidence),
        )

    def undo(self) -> None:
        """Start ZooKeeper again if it is not running."""
        self.start_again()

    def _noticed_ms(self) -> int | None:
        """When it was first seen that the job does not run, or that nobody leads."""
        try:
            if self.stack.rest.job(self.job_id).state == "RUNNING":
                return None
        except RestError as error:
            if not error.is_between_leaders:
                raise
        return time.time_ns() // 1_000_000
