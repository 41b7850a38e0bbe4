"""Does a job take the stack that runs, and enlarge only one that is too small for it?"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import pytest

from stack import flink
from stack.local import LocalStack
from stack.parts import parts
from stack.process import Service, read_record, records, start, stop
from stack.settings import StackSettings

SLEEP = "import time; time.sleep(60)"


@pytest.fixture
def start_taskmanagers(
    settings: StackSettings, python_service: Callable[..., Service]
) -> Iterator[Callable[[int], None]]:
    """Starts so many processes that pass for TaskManagers."""

    def start_them(count: int) -> None:
        for index in range(count):
            name = flink.taskmanager_name(index)
            service = python_service(SLEEP, name)
            start(dataclasses.replace(service, folder=settings.flink_folder))

    yield start_them
    for pid_file, _ in list(records(settings.data_folder)):
        stop(pid_file, grace_s=0.2)


@pytest.mark.parametrize(
    ("running", "configured", "parallelism", "taskmanagers"),
    [
        (2, 1, 1, 2),
        (2, 1, 2, 2),
        (2, 3, 1, 2),
        (1, 1, 2, 2),
        (0, 1, 1, 1),
        (0, 1, 2, 2),
        (0, 3, 2, 3),
    ],
)
def test_what_runs_is_taken_if_it_is_enough(
    settings: StackSettings,
    start_taskmanagers: Callable[[int], None],
    running: int,
    configured: int,
    parallelism: int,
    taskmanagers: int,
) -> None:
    start_taskmanagers(running)
    settings = settings.model_copy(update={"taskmanagers": configured})
    assert LocalStack.for_job(parallelism, settings).settings.taskmanagers == taskmanagers


def test_no_taskmanager_of_a_larger_stack_is_surplus(
    settings: StackSettings, start_taskmanagers: Callable[[int], None]
) -> None:
    start_taskmanagers(2)
    stack = LocalStack.for_job(1, settings)
    stack._stop_surplus(parts(stack.settings))
    assert stack.taskmanager_record(1) is not None


def test_a_taskmanager_that_died_is_not_missed(
    settings: StackSettings, start_taskmanagers: Callable[[int], None]
) -> None:
    start_taskmanagers(2)
    pid_file = flink.taskmanager(settings, 1).pid_file
    died = pid_file.read_bytes()
    stop(pid_file, grace_s=0.2)
    pid_file.write_bytes(died)
    assert read_record(pid_file) is not None
    assert LocalStack.for_job(1, settings).settings.taskmanagers == 1


def test_a_spare_taskmanager_that_died_is_missed(
    settings: StackSettings, start_taskmanagers: Callable[[int], None]
) -> None:
    start_taskmanagers(1)
    asked = settings.model_copy(update={"taskmanagers": 2, "spare_taskmanagers": 1})
    assert LocalStack.for_job(1, asked).settings.taskmanagers == 2
