"""Does a job with its checkpoints in S3 outlive the leading JobManager, ZooKeeper and an outage?

One stack on free ports serves the whole file, in the order of its tests.

time ---- leader ------| kill -9     standby leads ------------------------>
          checkpoints  | (session expires)  restored from S3, checkpoints
"""

from __future__ import annotations

import os
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from stack import faults, ports, zookeeper
from stack.flink_rest import FlinkRest
from stack.local import LocalStack
from stack.settings import BUCKET, StackSettings
from stack.submission import submit
from tests.listening import beyond_loopback, listening
from tests.workbench.deployment import exec_here
from workbench.deployment.restarts import Life, read_life

pytestmark = [pytest.mark.stack, pytest.mark.slow]

JOB = Path(__file__).with_name("trivial_job.py")
ALL = (
    *("zookeeper", "object-store", "kafka", "jobmanager", "jobmanager-1"),
    *("taskmanager-0", "taskmanager-1"),
)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    local = LocalStack(
        StackSettings.with_free_ports(
            tmp_path_factory.mktemp("stack"), high_availability=True, object_store=True
        )
    )
    try:
        assert local.up() == ALL
        yield local
    finally:
        local.down()


@pytest.fixture(scope="module")
def job_id(stack: LocalStack) -> str:
    submitted = submit(stack.settings, JOB)
    stack.rest.wait_running(submitted, deadline_s=120)
    wait_for(lambda: stack.rest.checkpoints(submitted).counts.completed > 2)
    return submitted


def test_everything_listens_on_loopback_only(stack: LocalStack) -> None:
    for each in stack.status():
        assert each.pid is not None
        assert listening([each.pid]), each.name
        assert beyond_loopback([each.pid]) == set(), each.name


def test_an_up_that_says_nothing_keeps_the_stack_as_it_is(stack: LocalStack) -> None:
    before = stack.status()
    fields = ("kafka_port", "kafka_controller_port", "flink_rest_port", "flink_rpc_port")
    optional = ("flink_standby_rest_port", "zookeeper_port", "object_store_port")
    ports_only = {name: getattr(stack.settings, name) for name in (*fields, *optional)}
    plain = StackSettings.load(data_folder=stack.settings.data_folder, **ports_only)
    assert not plain.high_availability
    assert LocalStack(plain).up() == ()
    assert LocalStack.for_job(1, plain).up() == ()
    assert stack.status() == before


def test_leader_and_standby_answer_alike(stack: LocalStack, job_id: str) -> None:
    assert zookeeper.leader_url(stack.settings) in stack.settings.flink_rest_urls
    for url in stack.settings.flink_rest_urls:
        rest = FlinkRest(url)
        assert rest.overview().taskmanagers == 2
        assert rest.job(job_id).state == "RUNNING"


def test_checkpoints_lie_in_s3_and_not_on_disk(stack: LocalStack, job_id: str) -> None:
    assert objects(stack.settings, f"checkpoints/{job_id}/")
    assert objects(stack.settings, "high-availability/")
    assert not list((stack.settings.flink_folder / "checkpoints").iterdir())


def test_the_standby_takes_the_job_over_when_the_leader_is_killed(
    stack: LocalStack, job_id: str
) -> None:
    before = zookeeper.leader_url(stack.settings)
    # Who deploys may come upon either, and asks again after a takeover.
    lives = told_by_each(stack, job_id)
    assert lives[0] == lives[1]
    latest = stack.rest.checkpoints(job_id).completed()[0].id
    with faults.by_name("jobmanager_kill")(stack, job_id) as fault:
        fault.invoke()
        landing = fault.landed(deadline_s=120)
        assert landing.landed, landing.evidence
        stack.rest.wait_running(job_id, deadline_s=120)
        assert "dead" in {each.state for each in stack.status()}
    assert zookeeper.leader_url(stack.settings) not in (before, None)
    wait_for(lambda: stack.rest.checkpoints(job_id).counts.completed > 0)
    found = stack.rest.checkpoints(job_id)
    assert found.counts.restored == 1
    # Numbers go on where the dead leader was: nothing began from the beginning.
    assert found.completed()[0].id > latest
    assert {each.state for each in stack.status()} == {"running"}
    for life in told_by_each(stack, job_id):
        assert life.broken_since(lives[0]) == "a JobManager took the job up anew"


def test_another_job_can_be_submitted_after_it_and_leaves_nothing_when_removed(
    stack: LocalStack,
) -> None:
    kept = {"execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION"}
    another = submit(stack.settings, JOB, configuration=kept)
    wait_for(lambda: newest(stack, another) > 0)
    stack.rest.cancel(another)
    assert objects(stack.settings, f"checkpoints/{another}/")
    stack.remove_checkpoints(another)
    assert objects(stack.settings, f"checkpoints/{another}/") == []


def test_the_job_goes_on_when_zookeeper_comes_back_with_its_data(
    stack: LocalStack, job_id: str
) -> None:
    latest = stack.rest.checkpoints(job_id).completed()[0].id
    with faults.by_name("zookeeper_kill")(stack, job_id) as fault:
        fault.invoke()
        landing = fault.landed()
    assert landing.landed, landing.evidence
    stack.rest.wait_running(job_id, deadline_s=120)
    wait_for(lambda: newest(stack, job_id) > latest)


def test_an_outage_of_s3_delays_checkpoints_and_no_more(stack: LocalStack, job_id: str) -> None:
    latest = newest(stack, job_id)
    with faults.by_name("s3_outage")(stack, job_id) as fault:
        fault.invoke()
        landing = fault.landed()
    assert landing.landed, landing.evidence
    stack.rest.wait_running(job_id, deadline_s=120)
    wait_for(lambda: newest(stack, job_id) > latest + 3)


def test_a_savepoint_is_kept_in_s3(stack: LocalStack, job_id: str) -> None:
    location = stack.rest.stop_with_savepoint(job_id)
    assert location.startswith(f"s3://{BUCKET}/savepoints/")
    assert objects(stack.settings, location.removeprefix(f"s3://{BUCKET}/"))


def test_down_leaves_no_process_and_no_port(stack: LocalStack) -> None:
    assert stack.down()[-2:] == ("zookeeper", "object-store")
    assert {each.state for each in stack.status()} == {"stopped"}
    settings = stack.settings
    for taken in (settings.ports(), settings.object_store_ports()):
        assert all(ports.is_free(port) for port in taken.values())
    assert not [p for p in psutil.process_iter() if _mentions(p, str(settings.data_folder))]


def told_by_each(stack: LocalStack, job_id: str) -> list[Life]:
    """What each JobManager says of the job's life."""
    rest_ports = [int(url.rpartition(":")[2]) for url in stack.settings.flink_rest_urls]
    return [read_life(exec_here.KUBECTL, exec_here.JOB, job_id, port) for port in rest_ports]


def newest(stack: LocalStack, job_id: str) -> int:
    """Number of the latest completed checkpoint, 0 before there is one."""
    return max((each.id for each in stack.rest.checkpoints(job_id).completed()), default=0)


def objects(settings: StackSettings, prefix: str) -> list[str]:
    """Beginning of what S3 lists."""
    query = urllib.parse.urlencode({"list-type": 2, "prefix": prefix, "max-keys": 5})
    url = f"{settings.object_store_url}/{BUCKET}?{query}"
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - our own address
        text = answer.read().decode()
    return [part.partition("</Key>")[0] for part in text.split("<Key>")[1:]]


def _mentions(process: psutil.Process, text: str) -> bool:
    try:
        return process.pid != os.getpid() and any(text in part for part in process.cmdline())
    except psutil.Error:
        return False


def wait_for(condition: Callable[[], bool], deadline_s: float = 120.0) -> None:
    began_s = time.monotonic()
    while not condition():
        assert time.monotonic() - began_s < deadline_s
        time.sleep(0.1)
