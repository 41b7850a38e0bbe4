"""Does the collector's question go on being answered when the broker's own controller gave it up?

A broker that hangs for longer than its session is fenced when it wakes, and for a moment no
partition has a leader. A client that learned of that must learn of the leaders, too: librdkafka
asks for them again only when what it knows is five minutes old.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from evaluation.offsets import partitions_of, read_ends
from generator.kafka_client import require_broker
from stack import kafka
from stack.process import ProcessRecord, start, stop, wait_ready
from stack.settings import StackSettings

pytestmark = [pytest.mark.stack, pytest.mark.slow]

#: Short, so that a pause is: the default is 9 s.
SESSION = "broker.session.timeout.ms=1500\nbroker.heartbeat.interval.ms=300\n"
PAUSE_S = 2.5
#: Whether a client asks in the very moment without leaders is luck: one pause in four.
TRIES = 40


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[tuple[ProcessRecord, str]]:
    settings = StackSettings.with_free_ports(tmp_path)
    kafka.prepare(settings)
    properties = settings.kafka_folder / "server.properties"
    properties.write_text(properties.read_text() + SESSION)
    service = kafka.service(settings)
    record = start(service)
    try:
        wait_ready(service, record, kafka.probe(settings), settings.ready_deadline_s)
        yield record, settings.kafka_address
    finally:
        stop(service.pid_file, settings.stop_grace_s)


def learns_of_no_leader(admin: AdminClient, broker: ProcessRecord) -> bool:
    """Pause the broker, and ask who leads as soon as it goes on."""
    os.killpg(broker.pid, signal.SIGSTOP)
    time.sleep(PAUSE_S)
    os.killpg(broker.pid, signal.SIGCONT)
    deadline_s = time.monotonic() + 2.0
    while time.monotonic() < deadline_s:
        try:
            topic = admin.list_topics(timeout=1.0).topics["t"]
        except KafkaException:
            continue
        if any(partition.leader < 0 for partition in topic.partitions.values()):
            return True
    return False


def test_ends_are_told_again_by_a_client_that_knew_of_no_leader(
    broker: tuple[ProcessRecord, str],
) -> None:
    record, address = broker
    admin = require_broker(address)
    admin.create_topics([NewTopic("t", 20, 1)])["t"].result(10)
    places = partitions_of(admin, ["t"])
    assert any(learns_of_no_leader(admin, record) for _ in range(TRIES)), "no moment was met"
    assert set(read_ends(admin, places).end) == set(places)
