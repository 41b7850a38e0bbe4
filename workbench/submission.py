"""How does the job under test get onto the cluster, and when is it ready?"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from generator.nudge import Nudge
from job.version import hash_of
from stack.local import LocalStack
from stack.process import StackError
from stack.submission import submit
from workbench.clean_up import put_away
from workbench.commit_progress import CommitProgress
from workbench.machine import PROJECT_ROOT
from workbench.plan import JobPlan

_LOADED_FILE: Final = "loaded-job.json"
_POLL_S: Final = 0.2


def stage_job(folder: Path, root: Path) -> Path:
    """Copy a checkout's job into a folder, as it goes to production; gives the entry point."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(root / "job", folder / "job", ignore=shutil.ignore_patterns("__pycache__"))
    return folder / "job" / "flink" / "main.py"


def code_root(plan: JobPlan) -> Path:
    """The checkout whose job is put under test."""
    return PROJECT_ROOT if plan.code_root is None else plan.code_root


def renew_taskmanagers(stack: LocalStack, plan: JobPlan) -> int:
    """Restart the TaskManagers that hold another version of the job's code.

    In thread mode a TaskManager keeps the Python modules it imported first.

    Returns
    -------
    int
        How many were restarted.
    """
    file = stack.settings.flink_folder / _LOADED_FILE
    code = hash_of(code_root(plan) / "job")
    loaded: dict[str, str] = msgspec.json.decode(file.read_bytes()) if file.exists() else {}
    renewed = 0
    for index in range(stack.settings.taskmanagers):
        record = stack.taskmanager_record(index)
        if record is not None and loaded.get(str(record.pid), code) != code:
            stack.restart_taskmanager(index)
            renewed += 1
    return renewed


def _remember_code(stack: LocalStack, plan: JobPlan) -> None:
    code = hash_of(code_root(plan) / "job")
    pids = [
        record.pid
        for index in range(stack.settings.taskmanagers)
        if (record := stack.taskmanager_record(index)) is not None
    ]
    file = stack.settings.flink_folder / _LOADED_FILE
    file.write_bytes(msgspec.json.encode({str(pid): code for pid in pids}))


@contextmanager
def submitted(
    stack: LocalStack,
    plan: JobPlan,
    prefix: str,
    event_time_limit_ms: int,
    on_progress: Callable[[float], None] | None = None,
) -> Iterator[str]:
    """Submit the job, give its id once all its tasks run, and cancel it at the end.

    Raises
    ------
    stack.process.StackError
        One line and the tail of the log, if it cannot be submitted or does not come to run.
    """
    folder = stack.settings.data_folder / "submission" / prefix.rstrip(".")
    name = f"{prefix}detection"
    try:
        entry_point = stage_job(folder, code_root(plan))
        arguments = plan.arguments(prefix, stack.settings.kafka_address, event_time_limit_ms)
        _remember_code(stack, plan)
        job_id = submit(
            stack.settings,
            entry_point,
            arguments,
            [folder],
            # The job has them as arguments too, and those win; these are for the client, which
            # reads its own keys before the job's program begins.
            configuration=plan.flink,
            on_progress=on_progress,
        )
    except BaseException:
        # The cluster may have taken the job although the client did not get to say so.
        put_away(f"cancelling {name}", _cancel_by_name, stack, name)
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    try:
        stack.rest.wait_running(job_id)
        yield job_id
    finally:
        # A TaskManager that was restarted meanwhile holds this code too.
        _remember_code(stack, plan)
        put_away("cancelling the job", stack.rest.cancel, job_id)
        # Checkpoints outlive a cancelled job; those of a run are of no use to anybody.
        put_away("removing its checkpoints", stack.remove_checkpoints, job_id)


def _cancel_by_name(stack: LocalStack, name: str) -> None:
    for job in stack.rest.jobs():
        if job.name == name:
            stack.rest.cancel(job.id)


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
