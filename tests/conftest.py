"""What do the tests of several packages share? A real Kafka broker, and prefixes for runs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from stack import kafka
from stack.process import start, stop, wait_ready
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


@pytest.fixture
def prefix() -> str:
    """Prefix of a run that no other test has."""
    return f"t{uuid.uuid4().hex[:10]}."
