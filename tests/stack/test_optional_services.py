"""Do Elasticsearch and PostgreSQL come up beside Kafka and Flink, stay, and go with them?"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stack import ports
from stack.local import LocalStack
from stack.process import is_alive, read_record, signal_group, wait_gone
from stack.settings import StackSettings
from tests.listening import beyond_loopback, listening

# Slow, as Elasticsearch needs half a minute to start.
pytestmark = [pytest.mark.stack, pytest.mark.slow]

OWN = ("kafka", "jobmanager", "taskmanager-0")


@pytest.fixture(scope="module")
def asked(open_folder: Path) -> Iterator[StackSettings]:
    settings = StackSettings.with_free_ports(
        open_folder / "beside", elasticsearch=True, postgres=True, ready_deadline_s=300
    )
    try:
        assert LocalStack(settings).up() == (*OWN, "elasticsearch", "postgres")
        yield settings
    finally:
        LocalStack(settings).down()


@pytest.fixture
def plain(asked: StackSettings) -> StackSettings:
    """The same stack, as somebody sees it who asks for neither."""
    return StackSettings.load(data_folder=asked.data_folder, **asked.ports())


def test_they_listen_on_loopback_only_and_not_as_root(asked: StackSettings) -> None:
    for each in LocalStack(asked).status():
        assert each.pid is not None
        process = psutil.Process(each.pid)
        family = [process, *process.children(recursive=True)]
        assert listening([each.pid]), each.name
        assert beyond_loopback([each.pid]) == set(), each.name
        if each.name in ("elasticsearch", "postgres"):
            assert all(one.uids().real != 0 for one in family)


def test_who_asks_for_neither_leaves_them_running(plain: StackSettings) -> None:
    assert LocalStack(plain).up() == ()
    states = {each.name: each.state for each in LocalStack(plain).status()}
    assert states == dict.fromkeys((*OWN, "elasticsearch", "postgres"), "running")


def test_one_that_died_is_started_again_where_it_is_asked_for(asked: StackSettings) -> None:
    record = read_record(asked.postgres_folder / "postgres.pid.json")
    assert record is not None
    signal_group(record, signal.SIGKILL)
    assert wait_gone(record, 10)
    assert LocalStack(asked).up() == ("postgres",)


def test_down_leaves_no_process_and_no_port(asked: StackSettings) -> None:
    found = [
        read_record(folder / f"{folder.name}.pid.json")
        for folder in (asked.elasticsearch_folder, asked.postgres_folder)
    ]
    assert set(LocalStack(asked).down()) == {*OWN, "elasticsearch", "postgres"}
    assert not any(record is None or is_alive(record) for record in found)
    assert all(ports.is_free(port) for port in asked.ports().values())
    assert not [p for p in psutil.process_iter() if _mentions(p, str(asked.data_folder))]


def _mentions(process: psutil.Process, text: str) -> bool:
    try:
        return any(text in part for part in process.cmdline())
    except psutil.Error:
        return False
