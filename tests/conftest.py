"""What do the tests of several packages share? A real Kafka broker, and prefixes for runs."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack import elasticsearch, kafka, postgres
from stack.process import Service, start, stop, wait_ready
from stack.settings import StackSettings


@pytest.fixture(scope="session")
def kafka_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap address of a broker that lives as long as the test session."""
    settings = StackSettings.with_free_ports(tmp_path_factory.mktemp("kafka"))
    kafka.prepare(settings)
    service = kafka.service(settings)
    record = start(service)
    try:
        wait_ready(service, record, kafka.probe(settings), settings.ready_deadline_s)
        yield settings.kafka_address
    finally:
        stop(service.pid_file, settings.stop_grace_s)


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that others may enter: a service that refuses root runs as another user."""
    folder = Path(tempfile.mkdtemp(prefix="paystream-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def search_node(open_folder: Path) -> Iterator[StackSettings]:
    """Settings of a stack of which Elasticsearch runs."""
    settings = StackSettings.with_free_ports(open_folder / "search", ready_deadline_s=300)
    elasticsearch.prepare(settings)
    yield from _running(settings, elasticsearch.service(settings), elasticsearch.probe(settings))


@pytest.fixture(scope="session")
def database(open_folder: Path) -> Iterator[StackSettings]:
    """Settings of a stack of which PostgreSQL runs."""
    settings = StackSettings.with_free_ports(open_folder / "database", ready_deadline_s=300)
    postgres.prepare(settings)
    yield from _running(settings, postgres.service(settings), postgres.probe(settings))


def _running(
    settings: StackSettings, service: Service, probe: Callable[[], bool]
) -> Iterator[StackSettings]:
    record = start(service)
    try:
        wait_ready(service, record, probe, settings.ready_deadline_s)
        yield settings
    finally:
        stop(service.pid_file, settings.stop_grace_s)


@pytest.fixture
def prefix() -> str:
    """Prefix of a run that no other test has."""
    return f"t{uuid.uuid4().hex[:10]}."
