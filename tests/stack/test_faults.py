"""Is every fault found, and does each keep to what a fault is?"""

from __future__ import annotations

import inspect
import itertools
import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stack import faults, zookeeper
from stack.completion_log import CompletionLog
from stack.faults import kill_during_commit, taskmanager_pause
from stack.faults.kill_during_commit import KillDuringCommit
from stack.faults.taskmanager_kill import TaskmanagerKill
from stack.faults.taskmanager_pause import TaskmanagerPause
from stack.faults.zookeeper_kill import ZookeeperKill
from stack.flink_answers import JobDetail, TaskManager, Vertex
from stack.local import LocalStack
from stack.process import ProcessRecord, StackError
from stack.settings import StackSettings


@pytest.mark.parametrize(("name", "fault"), sorted(faults.discover().items()))
def test_a_fault_is_one_file_of_its_name_and_complete(name: str, fault: type[faults.Fault]) -> None:
    assert fault.__module__ == f"stack.faults.{name}"
    assert not inspect.isabstract(fault)
    assert inspect.getmodule(fault).__doc__.partition("\n")[0].endswith("?")  # type: ignore[union-attr]


def test_an_unknown_fault_lists_the_valid_ones() -> None:
    with pytest.raises(StackError, match=r"unknown fault 'flood'; known are: .*taskmanager_kill"):
        faults.by_name("flood")


def test_a_kill_hits_a_taskmanager_that_runs_the_job() -> None:
    fault = TaskmanagerKill(two_taskmanagers(free_slots=(1, 0)), "job")
    fault.set_up()
    assert fault.index == 1


def test_a_kill_is_refused_where_no_taskmanager_has_anything_to_do() -> None:
    fault = TaskmanagerKill(two_taskmanagers(free_slots=(1, 1)), "job")
    with pytest.raises(StackError, match="no TaskManager of this stack runs the job"):
        fault.set_up()


@pytest.mark.parametrize(
    ("name", "missing"),
    [("jobmanager_kill", "--ha"), ("zookeeper_kill", "--ha"), ("s3_outage", "--s3")],
)
def test_a_fault_is_refused_where_the_stack_has_not_what_it_breaks(
    settings: StackSettings, name: str, missing: str
) -> None:
    fault = faults.by_name(name)(LocalStack(settings), "job")
    with pytest.raises(StackError, match=rf"^{name}: this stack has [^\n]*\({missing}\)$"):
        fault.set_up()
    fault.undo()


@pytest.mark.parametrize("late_s", [0.0, 0.25])
def test_a_checkpoint_that_is_seen_late_is_let_go(
    monkeypatch: pytest.MonkeyPatch, late_s: float
) -> None:
    """Its commit may be over; the kill waits for the next one."""
    answers = iter([(None, 0.0), (2, late_s), (None, 0.0), (3, 0.0)])

    def completed(_log: CompletionLog) -> int | None:
        found, after_s = next(answers)
        time.sleep(after_s)
        return found

    killed: list[int] = []
    monkeypatch.setattr(CompletionLog, "__init__", lambda *_: None)
    monkeypatch.setattr(CompletionLog, "completed", completed)
    monkeypatch.setattr(KillDuringCommit, "victim", property(lambda _self: None))
    monkeypatch.setattr(kill_during_commit, "signal_group", lambda *_: killed.append(1))
    fault = KillDuringCommit(two_taskmanagers((1, 0)), "job")
    fault.invoke()
    assert killed == [1]
    assert fault._checkpoint_id == (3 if late_s else 2)


@pytest.mark.parametrize("ends", [False, True])
def test_a_taskmanager_that_woke_and_then_ends_itself_is_started_again(
    monkeypatch: pytest.MonkeyPatch, ends: bool
) -> None:
    """It is on the JobManager's list again, and gone some seconds later: it was fenced."""
    looks = itertools.count()
    restarted: list[int] = []
    stack = two_taskmanagers((1, 0))
    stack.restart_taskmanager = restarted.append
    monkeypatch.setattr(taskmanager_pause, "_STAYS_S", 0.4)
    monkeypatch.setattr(taskmanager_pause, "_POLL_S", 0.05)
    monkeypatch.setattr(taskmanager_pause, "signal_group", lambda *_: None)
    monkeypatch.setattr(taskmanager_pause, "is_alive", lambda _: not ends or next(looks) < 3)
    fault = TaskmanagerPause(stack, "job")
    fault.set_up()
    fault.mark_invoked()
    fault.undo()
    assert restarted == ([1] if ends else [])


@pytest.mark.parametrize(("state", "landed"), [("RUNNING", False), ("SUSPENDED", True)])
def test_zookeeper_that_was_away_and_cost_nobody_the_lead_hit_nothing(
    settings: StackSettings, monkeypatch: pytest.MonkeyPatch, state: str, landed: bool
) -> None:
    rest = SimpleNamespace(job=lambda _job_id: JobDetail("job", "detection", state, (), {}))
    monkeypatch.setattr(zookeeper, "probe", lambda _settings: lambda: False)
    monkeypatch.setattr(ZookeeperKill, "is_hit", lambda _self: True)
    monkeypatch.setattr(ZookeeperKill, "hit_words", lambda _self, hit: f"hit: {hit}")
    monkeypatch.setattr(ZookeeperKill, "beyond_session_s", -3.9)
    fault = ZookeeperKill(SimpleNamespace(settings=settings, rest=rest), "job")  # type: ignore[arg-type]
    fault.mark_invoked()
    found = fault.landed(deadline_s=0.4)
    assert found.landed == landed
    assert (found.noticed_ms is not None) == landed


def two_taskmanagers(free_slots: tuple[int, int]) -> Any:
    """A stack of two, of one slot each, as far as a fault asks."""
    vertex = Vertex("v", "count", parallelism=1, status="RUNNING", tasks={"RUNNING": 1})
    listed = [
        TaskManager(
            f"taskmanager-{index}", "path", 1, slots=1, free_slots=free, last_heartbeat_ms=1
        )
        for index, free in enumerate(free_slots)
    ]
    rest = SimpleNamespace(
        job=lambda _job_id: JobDetail("job", "detection", "RUNNING", (vertex,), {}),
        taskmanagers=lambda: tuple(listed),
    )

    def record(index: int) -> ProcessRecord:
        return ProcessRecord(f"taskmanager-{index}", os.getpid(), "", "", "", str(Path()), 0.0)

    return SimpleNamespace(
        rest=rest, taskmanager_record=record, settings=SimpleNamespace(taskmanagers=2)
    )
