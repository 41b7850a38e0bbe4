"""A Kafka of their own for tests, with TLS, passwords, and the rights of one run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from generator.topics import create_run_topics
from stack import kafka
from stack.process import start, stop, wait_ready
from stack.settings import StackSettings
from workbench.kafka_rights import grant
from workbench.kafka_user import kafka_user


@contextmanager
def secured_broker(folder: Path, prefix: str) -> Iterator[StackSettings]:
    """Settings of a stack of which a secured Kafka runs, with topics of one partition each."""
    settings = StackSettings.with_free_ports(folder, secured=True)
    kafka.prepare(settings)
    service = kafka.service(settings)
    record = start(service)
    try:
        wait_ready(service, record, kafka.probe(settings), settings.ready_deadline_s)
        with kafka_user(settings):
            create_run_topics(settings.kafka_address, prefix, partitions=1)
            grant(settings.kafka_address, prefix)
        yield settings
    finally:
        stop(service.pid_file, settings.stop_grace_s)
