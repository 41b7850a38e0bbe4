"""What happens when a TaskManager can write no more to its disk?

The kernel refuses every write that would make a file of the process grow beyond 4 KiB (the soft
limit RLIMIT_FSIZE, `prlimit(2)`): RocksDB's files and the checkpoints fail with an error of the
system, as on a full disk, and nothing else on the machine is touched. After some seconds there is
room again.
"""

from __future__ import annotations

import resource
import time
from typing import ClassVar

from stack.faults import Fault, Landing
from stack.flink_rest import RestError
from stack.local import LocalStack
from stack.process import ProcessRecord, StackError, is_alive
from stack.victim import busy_taskmanager

_POLL_S = 0.2
#: No file may grow beyond this. A choice: RocksDB's smallest files of state are larger.
LIMIT_BYTES = 4096
#: How long the disk stays full after the first failure, seconds. A choice.
FULL_S = 3.0


class DiskFull(Fault):
    """Leaves a TaskManager no room for its files; `undo` gives it back.

    Parameters
    ----------
    stack, job_id
        See `Fault`.
    """

    name: ClassVar[str] = "disk_full"

    def __init__(self, stack: LocalStack, job_id: str) -> None:
        super().__init__(stack, job_id)
        self.index = 0
        self._victim: ProcessRecord | None = None
        self._before: tuple[int, int] | None = None
        self._failed_before = 0

    def set_up(self) -> None:
        """Require a running job; note the process, its limits, and the failed checkpoints."""
        self.require_running_job()
        self.index, self._victim = busy_taskmanager(self.stack, self.name)
        self._failed_before = self.stack.rest.checkpoints(self.job_id).counts.failed

    def invoke(self) -> None:
        """Lower the soft limit; the hard one stays, so that it can be raised again."""
        if self._victim is None:
            raise StackError(f"{self.name}: invoke before set_up")
        self.mark_invoked()
        self._before = resource.prlimit(self._victim.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._victim.pid, resource.RLIMIT_FSIZE, (LIMIT_BYTES, self._before[1]))

    def landed(self, deadline_s: float = 30.0) -> Landing:
        """Prove it: a checkpoint or the job failed since."""
        self.require_invoked()
        began_s = time.monotonic()
        while True:
            failure, failed = self.first_failure(), self._failed_checkpoints()
            if failure or failed or time.monotonic() - began_s > deadline_s:
                break
            time.sleep(_POLL_S)
        time.sleep(FULL_S)
        failure, failed = self.first_failure(), self._failed_checkpoints()
        return Landing(
            landed=failure is not None or failed > 0,
            invoked_ms=self.invoked_ms,
            noticed_ms=failure.timestamp_ms if failure else None,
            evidence=(
                f"no file of taskmanager-{self.index} could grow beyond {LIMIT_BYTES} bytes",
                f"{failed} checkpoints failed since",
                self.failure_words(failure),
            ),
        )

    def _failed_checkpoints(self) -> int:
        try:
            return self.stack.rest.checkpoints(self.job_id).counts.failed - self._failed_before
        except RestError:
            return 0

    def undo(self) -> None:
        """Raise the limit again; a process that ended meanwhile is started again."""
        if self._victim is None or self._before is None:
            return
        if is_alive(self._victim):
            resource.prlimit(self._victim.pid, resource.RLIMIT_FSIZE, self._before)
        elif self.stack.taskmanager_record(self.index) is None:
            self.stack.restart_taskmanager(self.index)
