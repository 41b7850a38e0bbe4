"""How does the job under test get onto the cluster, and when is it ready?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from generator.nudge import Nudge
from job.version import hash_of
from stack.local import LocalStack
from stack.process import StackError
from workbench.clean_up import put_away
from workbench.commit_progress import CommitProgress
from workbench.console import PhaseBar
from workbench.plan import JobPlan
from workbench.running_job import LOADED_FILE, RunningJob, code_root

_POLL_S: Final = 0.2
#: Longest wait for a checkpoint of all of a state, seconds: of 1.1 GB it took 35.
_FULL_CHECKPOINT_S: Final = 1_800.0


def renew_taskmanagers(stack: LocalStack, plan: JobPlan) -> int:
    """Restart the TaskManagers that hold another version of the job's code, or half of it.

    In thread mode a TaskManager keeps the Python modules it imported first.

    Returns
    -------
    int
        How many were restarted.
    """
    file = stack.settings.flink_folder / LOADED_FILE
    code = hash_of(code_root(plan) / "job")
    loaded: dict[str, str] = msgspec.json.decode(file.read_bytes()) if file.exists() else {}
    renewed = 0
    for index in range(stack.settings.taskmanagers):
        record = stack.taskmanager_record(index)
        if record is not None and loaded.get(str(record.pid), code) != code:
            stack.restart_taskmanager(index)
            renewed += 1
    return renewed


@contextmanager
def submitted(job: RunningJob, on_progress: Callable[[float], None] | None = None) -> Iterator[str]:
    """Submit the job, give its first id once all its tasks run, and cancel it at the end.

    Raises
    ------
    stack.process.StackError
        One line and the tail of the log, if it cannot be submitted or does not come to run.
    """
    try:
        job.submit(on_progress)
        yield job.id
    finally:
        put_away(f"cancelling {job.name}", job.end)


def wait_checkpointed(stack: LocalStack, job_id: str, bar: PhaseBar) -> None:
    """Wait until the first checkpoint is complete.

    Where a job starts from a checkpoint of another, its first one is full: it owns nothing yet that
    a later one could build on.

    Raises
    ------
    stack.process.StackError
        If it takes too long.
    """
    began_s = time.monotonic()
    while not stack.rest.checkpoints(job_id).counts.completed:
        waited_s = time.monotonic() - began_s
        if waited_s > _FULL_CHECKPOINT_S:
            raise StackError(f"the job's first checkpoint is not complete after {waited_s:.0f} s")
        bar.say(f"first checkpoint, {waited_s:.0f} s")
        time.sleep(_POLL_S)


def wait_consumed(
    stack: LocalStack,
    job_id: str,
    progress: CommitProgress,
    nudge: Nudge,
    timeout_s: float,
    on_progress: Callable[[int, int], None],
) -> None:
    """Wait until a completed checkpoint covers all of a topic.

    Raises
    ------
    stack.process.StackError
        If the job leaves RUNNING for good, or it takes too long.
    """
    deadline_s = time.monotonic() + timeout_s
    while True:
        covered = progress.covered()
        on_progress(covered, progress.total)
        if covered >= progress.total:
            return
        if stack.rest.job(job_id).state in ("FAILED", "CANCELED", "FINISHED"):
            raise StackError("the job ended before it had read all card profiles")
        if time.monotonic() > deadline_s:
            raise StackError(
                f"the job had read {covered} of {progress.total} card profiles "
                f"after {timeout_s:g} s"
            )
        nudge()
        time.sleep(_POLL_S)
