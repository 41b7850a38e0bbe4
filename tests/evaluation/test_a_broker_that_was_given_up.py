"""Does the collector's question go on being answered when the broker's own controller gave it up?

A broker that hangs for longer than its session (9 s) is fenced when it wakes, and for a moment no
partition has a leader. A client that learned of that then must learn of the leaders too.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from confluent_kafka.admin import NewTopic

from evaluation.offsets import partitions_of, read_ends
from generator.kafka_client import KafkaRefused, require_broker
from stack import kafka
from stack.process import start, stop, wait_ready
from stack.settings import StackSettings

pytestmark = [pytest.mark.stack, pytest.mark.slow]

PAUSE_S = 12.0
PATIENCE_S = 30.0


def test_ends_are_told_again_after_a_pause(tmp_path: Path) -> None:
    settings = StackSettings.with_free_ports(tmp_path)
    kafka.prepare(settings)
    service = kafka.service(settings)
    record = start(service)
    try:
        wait_ready(service, record, kafka.probe(settings), settings.ready_deadline_s)
        admin = require_broker(settings.kafka_address)
        admin.create_topics([NewTopic("t", 20, 1)])["t"].result(10)
        places = partitions_of(admin, ["t"])
        read_ends(admin, places)
        for _ in range(3):
            os.killpg(record.pid, signal.SIGSTOP)
            try:
                asked_until(time.monotonic() + PAUSE_S, admin, places)
            finally:
                os.killpg(record.pid, signal.SIGCONT)
            assert asked_until(time.monotonic() + PATIENCE_S, admin, places, stop=True)
    finally:
        stop(service.pid_file, settings.stop_grace_s)


def asked_until(deadline_s: float, admin, places, *, stop: bool = False) -> bool:  # type: ignore[no-untyped-def]
    """Ask as the collector does, five times a second; whether the last answer was one."""
    told = 0
    while time.monotonic() < deadline_s:
        try:
            read_ends(admin, places)
            told += 1
        except KafkaRefused as error:
            told = 0
            print(f"{time.monotonic():.1f} {error}")  # noqa: T201
        if stop and told >= 25:
            return True
        time.sleep(0.2)
    return told > 0
