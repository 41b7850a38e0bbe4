"""Do a real Kafka and a real Flink come up, survive a kill, and leave nothing behind?

One stack on free ports serves the whole file, in the order of its tests.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from stack import faults, ports
from stack.local import LocalStack
from stack.process import StackError, is_alive, read_record, signal_group
from stack.settings import StackSettings
from stack.submission import submit
from tests.listening import beyond_loopback, listening
from tests.workbench.deployment import exec_here
from workbench.deployment.restarts import Life, read_life

pytestmark = pytest.mark.stack

JOB = Path(__file__).with_name("trivial_job.py")
ALL = ("kafka", "jobmanager", "taskmanager-0")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    local = LocalStack(StackSettings.with_free_ports(tmp_path_factory.mktemp("stack")))
    phases: list[str] = []
    try:
        assert local.up(lambda name, _seconds: phases.append(name)) == ALL
        assert phases == ["check", "prepare", "start", *ALL]
        yield local
    finally:
        local.down()


@pytest.fixture(scope="module")
def job_id(stack: LocalStack) -> str:
    ticks: list[float] = []
    submitted = submit(stack.settings, JOB, on_progress=ticks.append)
    assert ticks == sorted(ticks)
    assert ticks
    stack.rest.wait_running(submitted, deadline_s=120)
    return submitted


def test_status_shows_each_service_running(stack: LocalStack) -> None:
    assert [(each.name, each.state) for each in stack.status()] == [
        (name, "running") for name in ALL
    ]
    assert all(each.log_file.stat().st_size > 0 for each in stack.status())


def test_everything_listens_on_loopback_only(stack: LocalStack) -> None:
    for each in stack.status():
        assert each.pid is not None
        assert listening([each.pid])
        assert beyond_loopback([each.pid]) == set()


def test_a_second_up_reuses_all(stack: LocalStack) -> None:
    before = stack.status()
    assert stack.up() == ()
    assert stack.status() == before


def test_a_transaction_on_the_broker_with_event_time_in_the_past_and_future(
    stack: LocalStack,
) -> None:
    topic = f"swipes-{uuid.uuid4().hex[:8]}"
    address = stack.settings.kafka_address
    admin = AdminClient({"bootstrap.servers": address})
    admin.create_topics([NewTopic(topic, 2, 1)])[topic].result(10)
    producer = Producer({"bootstrap.servers": address, "transactional.id": topic})
    producer.init_transactions(30)
    producer.begin_transaction()
    year_ms = 365 * 24 * 3_600 * 1_000
    now_ms = int(time.time() * 1_000)
    for timestamp_ms in (now_ms - 10 * year_ms, now_ms, now_ms + 10 * year_ms):
        producer.produce(topic, b"value", timestamp=timestamp_ms)
    producer.commit_transaction(30)
    consumer = Consumer(
        {"bootstrap.servers": address, "group.id": topic, "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    assert len(consumer.consume(3, timeout=20)) == 3
    consumer.close()


def test_an_unknown_topic_is_not_created_by_looking(stack: LocalStack) -> None:
    admin = AdminClient({"bootstrap.servers": stack.settings.kafka_address})
    admin.list_topics("misspelt", timeout=5)
    assert "misspelt" not in admin.list_topics(timeout=5).topics


def test_a_failed_submission_gives_the_reason_and_the_tail(stack: LocalStack) -> None:
    with pytest.raises(StackError, match=r"trivial_job\.py failed .* told to fail") as caught:
        submit(stack.settings, JOB, ["--fail"])
    assert "Traceback" in caught.value.tail


def test_a_submitted_job_runs_in_thread_mode_with_checkpoints(
    stack: LocalStack, job_id: str
) -> None:
    detail = stack.rest.job(job_id)
    assert detail.state == "RUNNING"
    count = next(vertex for vertex in detail.vertices if vertex.name.startswith("count"))
    wait_for(lambda: stack.rest.metrics(job_id, count.id, ["numRecordsIn"])["numRecordsIn"] > 100)
    wait_for(lambda: stack.rest.checkpoints(job_id).counts.completed > 2)
    newest = stack.rest.checkpoints(job_id).completed()[0]
    assert newest.duration_ms >= 0
    assert newest.end_ms <= time.time() * 1_000 + 1_000
    assert stack.rest.exceptions(job_id) == ()
    record = stack.taskmanager_record(0)
    assert record is not None
    # Process mode would show Python children.
    assert psutil.Process(record.pid).children() == []


def test_a_killed_taskmanager_lands_and_the_job_goes_on_from_a_checkpoint(
    stack: LocalStack, job_id: str
) -> None:
    victim = stack.taskmanager_record(0)
    with faults.by_name("taskmanager_kill")(stack, job_id) as fault:
        fault.invoke()
        landing = fault.landed()
        states = {each.name: each.state for each in stack.status()}
    assert landing.landed, landing.evidence
    assert states["taskmanager-0"] == "dead"
    assert landing.noticed_ms is not None
    stack.rest.wait_running(job_id, deadline_s=120)
    assert stack.taskmanager_record(0) != victim
    assert stack.rest.checkpoints(job_id).counts.restored == 1
    completed = stack.rest.checkpoints(job_id).counts.completed
    wait_for(lambda: stack.rest.checkpoints(job_id).counts.completed > completed)


def test_who_deploys_sees_a_restart_that_keeps_the_job_s_id(stack: LocalStack, job_id: str) -> None:
    def life() -> Life:
        return read_life(exec_here.KUBECTL, exec_here.JOB, job_id, stack.settings.flink_rest_port)

    before = life()
    assert life().broken_since(before) is None
    with faults.by_name("taskmanager_kill")(stack, job_id) as fault:
        fault.invoke()
        assert fault.landed().landed
    stack.rest.wait_running(job_id, deadline_s=120)
    broken = life().broken_since(before)
    assert broken is not None
    assert "restarted the job after a failure" in broken


def test_a_job_stops_with_a_savepoint_and_starts_from_it_in_the_same_taskmanager(
    stack: LocalStack, job_id: str
) -> None:
    savepoint = stack.rest.stop_with_savepoint(job_id)
    assert stack.rest.job(job_id).state == "FINISHED"
    again = submit(stack.settings, JOB, savepoint=savepoint)
    stack.rest.wait_running(again, deadline_s=120)
    assert stack.rest.checkpoints(again).counts.restored == 1
    stack.rest.cancel(again)
    assert stack.rest.job(again).state == "CANCELED"
    stack.rest.cancel(again)


def test_up_repairs_a_dead_service_and_leaves_the_others(stack: LocalStack) -> None:
    before = {each.name: each.pid for each in stack.status()}
    record = stack.taskmanager_record(0)
    assert record is not None
    signal_group(record, signal.SIGKILL)
    wait_for(lambda: not is_alive(record))
    said: list[str] = []
    assert stack.up(on_begin=said.append) == ("taskmanager-0",)
    assert "taskmanager-0 died since its start; starting it again" in said
    after = {each.name: each.pid for each in stack.status()}
    assert after["kafka"] == before["kafka"]
    assert after["jobmanager"] == before["jobmanager"]


def test_ctrl_c_during_up_leaves_nothing_running(tmp_path: Path) -> None:
    settings = StackSettings.with_free_ports(tmp_path / "interrupted")
    environment = {
        **os.environ,
        "PAYSTREAM_STACK_DATA_FOLDER": str(settings.data_folder),
        **{f"PAYSTREAM_STACK_{name.upper()}": str(port) for name, port in settings.ports().items()},
    }
    command = [sys.executable, "-m", "stack", "up"]
    try:
        with subprocess.Popen(
            command, env=environment, stderr=subprocess.PIPE, preexec_fn=_hear_ctrl_c
        ) as up:
            wait_for(
                lambda: read_record(settings.flink_folder / "taskmanager-0.pid.json") is not None
            )
            up.send_signal(signal.SIGINT)
            up.communicate(timeout=60)
        assert up.returncode != 0
        assert {each.state for each in LocalStack(settings).status()} == {"stopped"}
        assert all(ports.is_free(port) for port in settings.ports().values())
        assert not [p for p in psutil.process_iter() if _mentions(p, str(settings.data_folder))]
    finally:
        LocalStack(settings).down()


def _hear_ctrl_c() -> None:
    """A shell's background job ignores Ctrl-C, and so does all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_down_leaves_no_process_and_no_port(stack: LocalStack) -> None:
    assert set(stack.down()) == set(ALL)
    assert {each.state for each in stack.status()} == {"stopped"}
    assert all(ports.is_free(port) for port in stack.settings.ports().values())
    assert not [p for p in psutil.process_iter() if _mentions(p, str(stack.settings.data_folder))]
    assert stack.down() == ()


def _mentions(process: psutil.Process, text: str) -> bool:
    try:
        return process.pid != os.getpid() and any(text in part for part in process.cmdline())
    except psutil.Error:
        return False


def wait_for(condition, deadline_s: float = 60.0) -> None:  # type: ignore[no-untyped-def]
    began_s = time.monotonic()
    while not condition():
        assert time.monotonic() - began_s < deadline_s
        time.sleep(0.1)
