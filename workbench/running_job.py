"""Where is the job under test now, and how does it get from one submission to the next?

The id changes when a job is stopped with a savepoint and submitted again; whoever looks at the job
asks here which it is.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from job.version import hash_of
from stack import kafka_access
from stack.local import LocalStack
from workbench.clean_up import put_away
from workbench.machine import PROJECT_ROOT
from workbench.plan import JobPlan

LOADED_FILE = "loaded-job.json"
#: Stands for the code of a TaskManager that may hold half of a job's modules: one that was broken
#: off while it imported them, from a folder that is gone. Differs from every hash.
HALF_LOADED = "half loaded"
#: Longest wait for a job to run, seconds: it may have 10 GB and more to restore first.
RESTORED_S = 900.0


def code_root(plan: JobPlan) -> Path:
    """The checkout whose job is put under test."""
    return PROJECT_ROOT if plan.code_root is None else plan.code_root


def stage_job(folder: Path, root: Path) -> Path:
    """Copy a checkout's job into a folder, as it goes to production; gives the entry point."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(root / "job", folder / "job", ignore=shutil.ignore_patterns("__pycache__"))
    return folder / "job" / "flink" / "main.py"


class RunningJob:
    """The job of one run on the cluster.

    Parameters
    ----------
    stack
        The running stack.
    plan
        How it is submitted.
    prefix
        Of the run.
    event_time_limit_ms
        Later swipes have a broken clock.

    Attributes
    ----------
    id
        Of the submission that is on the cluster; empty before the first.
    plan
        Of that submission.
    """

    def __init__(
        self, stack: LocalStack, plan: JobPlan, prefix: str, event_time_limit_ms: int
    ) -> None:
        self.id = ""
        self.plan = plan
        self._stack = stack
        self._prefix = prefix
        self._limit_ms = event_time_limit_ms
        self._held = HALF_LOADED

    @property
    def name(self) -> str:
        """On the cluster."""
        return f"{self._prefix}detection"

    def submit(
        self,
        on_progress: Callable[[float], None] | None = None,
        *,
        savepoint: str | None = None,
        deadline_s: float = RESTORED_S,
    ) -> None:
        """Submit it and wait until all its tasks run.

        Raises
        ------
        stack.process.StackError
            One line and the tail of the log, if it cannot be submitted or does not come to run.
        """
        folder = self._stack.settings.data_folder / "submission" / self._prefix.rstrip(".")
        bootstrap = self._stack.kafka_address_of_jobs
        try:
            entry_point = stage_job(folder, code_root(self.plan))
            self._held = HALF_LOADED
            self._remember_code()
            self.id = self._stack.submit(
                entry_point,
                self.plan.arguments(self._prefix, bootstrap, self._limit_ms),
                [folder],
                # The job has them as arguments too, and those win; these are for the client, which
                # reads its own keys before the job's program begins.
                configuration=self.plan.flink,
                environment=kafka_access.environment(self._stack.settings, "job"),
                savepoint=savepoint or self.plan.start_from,
                is_other_job=savepoint is None,
                on_progress=on_progress,
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        self._stack.rest.wait_running(self.id, deadline_s)
        self._held = hash_of(code_root(self.plan) / "job")

    def move(self, plan: JobPlan, before_start: Callable[[], object] | None = None) -> str:
        """Stop it with a savepoint, and submit it from there as another plan says.

        Parameters
        ----------
        plan
            Of the next submission.
        before_start
            Called between the two.

        Returns
        -------
        str
            Where the savepoint lies.
        """
        before = self.id
        savepoint = self._stack.rest.stop_with_savepoint(before)
        self.plan = plan
        if before_start is not None:
            before_start()
        self.submit(savepoint=savepoint)
        put_away("removing its checkpoints", self._stack.remove_checkpoints, before)
        return savepoint

    def end(self) -> None:
        """Cancel it, whatever its id, and remove its checkpoints; nothing to do is fine."""
        # A TaskManager that was restarted meanwhile holds this code too.
        self._remember_code()
        if self.id:
            self._stack.rest.cancel(self.id)
            # Checkpoints outlive a cancelled job; those of a run are of no use to anybody.
            self._stack.remove_checkpoints(self.id)
        for job in self._stack.rest.jobs():
            # The cluster may have taken a job although the client did not get to say so.
            if job.name == self.name:
                self._stack.rest.cancel(job.id)

    def _remember_code(self) -> None:
        """Note which code the TaskManagers hold."""
        pids = [
            record.pid
            for index in range(self._stack.settings.taskmanagers)
            if (record := self._stack.taskmanager_record(index)) is not None
        ]
        file = self._stack.settings.flink_folder / LOADED_FILE
        # A stack that runs elsewhere has no folder here yet.
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(msgspec.json.encode({str(pid): self._held for pid in pids}))
