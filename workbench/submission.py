"""How does the job under test get onto the cluster, and when is it ready?"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from generator.kafka_client import admin_client
from job.version import code_hash
from stack.local import LocalStack
from stack.process import StackError
from stack.submission import submit
from workbench.machine import PROJECT_ROOT
from workbench.plan import JobPlan

_LOADED_FILE: Final = "loaded-job.json"
_POLL_S: Final = 0.2
_TIMEOUT_S: Final = 30.0


def stage_job(folder: Path) -> Path:
    """Copy the job alone into a folder, as it goes to production, and return the entry point."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(
        PROJECT_ROOT / "job", folder / "job", ignore=shutil.ignore_patterns("__pycache__")
    )
    return folder / "job" / "flink" / "main.py"


def renew_taskmanagers(stack: LocalStack) -> int:
    """Restart the TaskManagers that hold another version of the job's code.

    In thread mode a TaskManager keeps the Python modules it imported first.

    Returns
    -------
    int
        How many were restarted.
    """
    file = stack.settings.flink_folder / _LOADED_FILE
    loaded: dict[str, str] = msgspec.json.decode(file.read_bytes()) if file.exists() else {}
    renewed = 0
    for index in range(stack.settings.taskmanagers):
        record = stack.taskmanager_record(index)
        if record is not None and loaded.get(str(record.pid), code_hash()) != code_hash():
            stack.restart_taskmanager(index)
            renewed += 1
    return renewed


def _remember_code(stack: LocalStack) -> None:
    pids = [
        record.pid
        for index in range(stack.settings.taskmanagers)
        if (record := stack.taskmanager_record(index)) is not None
    ]
    file = stack.settings.flink_folder / _LOADED_FILE
    file.write_bytes(msgspec.json.encode({str(pid): code_hash() for pid in pids}))


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
    try:
        entry_point = stage_job(folder)
        arguments = plan.arguments(prefix, stack.settings.kafka_address, event_time_limit_ms)
        _remember_code(stack)
        job_id = submit(
            stack.settings,
            entry_point,
            arguments,
            [folder],
            configuration=plan.flink,
            on_progress=on_progress,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    try:
        stack.rest.wait_running(job_id)
        yield job_id
    finally:
        # A TaskManager that was restarted meanwhile holds this code too.
        _remember_code(stack)
        stack.rest.cancel(job_id)
        # Checkpoints outlive a cancelled job; those of a run are of no use to anybody.
        shutil.rmtree(stack.settings.checkpoint_folder / job_id, ignore_errors=True)


def committed_and_end(
    admin: AdminClient, group_id: str, topic: str, partitions: int
) -> tuple[int, int]:
    """Sums over a topic's partitions: offsets the group has committed, and end offsets."""
    wanted = [TopicPartition(topic, number) for number in range(partitions)]
    request = ConsumerGroupTopicPartitions(group_id, wanted)
    answer = admin.list_consumer_group_offsets([request])[group_id].result(_TIMEOUT_S)
    committed = sum(max(each.offset, 0) for each in answer.topic_partitions)
    ends = admin.list_offsets({each: OffsetSpec.latest() for each in wanted})
    return committed, sum(future.result(_TIMEOUT_S).offset for future in ends.values())


def wait_consumed(
    stack: LocalStack,
    job_id: str,
    topic: str,
    group_id: str,
    partitions: int,
    timeout_s: float,
    on_progress: Callable[[int, int], None],
) -> None:
    """Wait until a completed checkpoint covers all of a topic.

    Raises
    ------
    stack.process.StackError
        If the job leaves RUNNING for good, or it takes too long.
    """
    admin = admin_client(stack.settings.kafka_address)
    deadline_s = time.monotonic() + timeout_s
    while True:
        committed, end = committed_and_end(admin, group_id, topic, partitions)
        on_progress(committed, end)
        if committed >= end:
            return
        if stack.rest.job(job_id).state in ("FAILED", "CANCELED", "FINISHED"):
            raise StackError(f"the job ended before it had read all of {topic}")
        if time.monotonic() > deadline_s:
            raise StackError(
                f"the job had read {committed} of {end} records of {topic} after {timeout_s:g} s"
            )
        time.sleep(_POLL_S)
