"""Is a TaskManager that may hold half of a job's modules started anew before the next run?"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stack.process import StackError
from stack.settings import StackSettings
from workbench.plan import JobPlan
from workbench.running_job import RunningJob
from workbench.submission import renew_taskmanagers, submitted


class Stack:
    """One TaskManager, of which it is remembered whether it was started anew."""

    def __init__(self, folder: Path, *, comes_to_run: bool) -> None:
        self.settings = StackSettings.load(data_folder=folder, taskmanagers=1)
        self.settings.flink_folder.mkdir(parents=True)
        self.comes_to_run = comes_to_run
        self.pid = 1
        self.rest = SimpleNamespace(
            wait_running=self.wait_running, cancel=lambda _job_id: None, jobs=tuple
        )

    kafka_address_of_jobs = "127.0.0.1:9092"

    def submit(self, *_arguments: Any, **_words: Any) -> str:
        return "job"

    def taskmanager_record(self, _index: int) -> Any:
        return SimpleNamespace(pid=self.pid)

    def restart_taskmanager(self, _index: int) -> None:
        self.pid += 1

    def remove_checkpoints(self, _job_id: str) -> None: ...

    def wait_running(self, _job_id: str, _deadline_s: float) -> None:
        if not self.comes_to_run:
            raise StackError("job is not running after 60 s but RUNNING")


def run(stack: Any) -> None:
    with submitted(RunningJob(stack, JobPlan(), "run.", 0)):
        pass


def test_a_job_that_ran_leaves_modules_of_use(tmp_path: Path) -> None:
    stack: Any = Stack(tmp_path, comes_to_run=True)
    run(stack)
    assert renew_taskmanagers(stack, JobPlan()) == 0
    assert stack.pid == 1


def test_a_job_that_was_broken_off_before_it_ran_does_not(tmp_path: Path) -> None:
    stack: Any = Stack(tmp_path, comes_to_run=False)
    with pytest.raises(StackError):
        run(stack)
    assert renew_taskmanagers(stack, JobPlan()) == 1
    assert stack.pid == 2
    assert renew_taskmanagers(stack, JobPlan()) == 0
