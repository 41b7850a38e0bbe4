"""Does a stack keep what it was brought up with, when nobody says otherwise?"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import pytest

from stack import flink_home
from stack.local import LocalStack
from stack.process import Service, read_record, records, start, stop
from stack.running import as_it_runs
from stack.settings import Jit, StackSettings

SLEEP = "import time; time.sleep(60)"
ALL = ("kafka", "zookeeper", "object-store", "jobmanager", "jobmanager-1", "taskmanager-0")


@pytest.fixture
def start_services(
    settings: StackSettings, python_service: Callable[..., Service]
) -> Iterator[Callable[..., None]]:
    """Starts processes that pass for these services."""

    def start_them(*names: str) -> None:
        for name in names:
            start(dataclasses.replace(python_service(SLEEP, name), folder=settings.flink_folder))

    yield start_them
    for pid_file, _ in list(records(settings.data_folder)):
        stop(pid_file, grace_s=0.2)


def test_nothing_is_adopted_from_a_stack_that_does_not_run(settings: StackSettings) -> None:
    assert as_it_runs(settings) == settings
    assert LocalStack(settings).settings.flink_rest_urls == settings.flink_rest_urls


def test_high_availability_and_object_store_are_kept(
    settings: StackSettings, start_services: Callable[..., None]
) -> None:
    start_services(*ALL, "taskmanager-1", "taskmanager-2")
    found = LocalStack(settings).settings
    assert (found.high_availability, found.object_store, found.taskmanagers) == (True, True, 3)
    assert found.spare_taskmanagers == 1
    assert len(found.flink_rest_urls) == 2


@pytest.mark.parametrize("brought_up_with", ["quick", "full"])
def test_how_its_jvms_compile_is_kept(
    settings: StackSettings, start_services: Callable[..., None], brought_up_with: Jit
) -> None:
    start_services(*ALL)
    flink_home.prepare(settings.model_copy(update={"jit": brought_up_with}))
    assert as_it_runs(settings).jit == brought_up_with
    asked = StackSettings.load(data_folder=settings.data_folder, jit="full", **settings.ports())
    assert as_it_runs(asked).jit == "full"


def test_what_is_said_wins(settings: StackSettings, start_services: Callable[..., None]) -> None:
    start_services(*ALL, "taskmanager-1")
    said = {"high_availability": False, "object_store": False, "taskmanagers": 1}
    assert as_it_runs(settings.model_copy(update=said)) == settings.model_copy(update=said)


def test_a_plain_stack_that_is_asked_for_high_availability_gets_its_spare(
    settings: StackSettings, start_services: Callable[..., None]
) -> None:
    start_services("kafka", "jobmanager", "taskmanager-0")
    asked = StackSettings.load(
        data_folder=settings.data_folder, high_availability=True, **settings.ports()
    )
    assert as_it_runs(asked).taskmanagers == 2


def test_a_service_that_died_is_still_part_of_the_stack(
    settings: StackSettings, start_services: Callable[..., None]
) -> None:
    start_services(*ALL)
    pid_file = settings.flink_folder / "zookeeper.pid.json"
    died = pid_file.read_bytes()
    stop(pid_file, grace_s=0.2)
    pid_file.write_bytes(died)
    assert read_record(pid_file) is not None
    assert as_it_runs(settings).high_availability


def test_a_job_gets_a_spare_taskmanager_with_high_availability(settings: StackSettings) -> None:
    settings = StackSettings.with_free_ports(settings.data_folder, high_availability=True)
    assert LocalStack.for_job(1, settings).settings.taskmanagers == 2
    assert LocalStack.for_job(3, settings).settings.taskmanagers == 4


def test_the_number_of_spare_taskmanagers_can_be_set(settings: StackSettings) -> None:
    settings = StackSettings.with_free_ports(
        settings.data_folder, high_availability=True, spare_taskmanagers=0
    )
    assert LocalStack.for_job(1, settings).settings.taskmanagers == 1
