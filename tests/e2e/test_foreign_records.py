"""Does a record that another sender brings, compressed and of any size, end as a dead letter?

A batch is held to the broker's limit as it travels, compressed: what comes out of it may be many
times larger than anything the job is allowed to write.
"""

from __future__ import annotations

import base64
import threading
import time
from typing import Any, Final

import msgspec
import pytest
from confluent_kafka import Producer

from evaluation.offsets import partitions_of, read_ends
from generator.kafka_client import admin_client
from job.contracts import DeadLetter
from job.engine.card_engine import PAYLOAD_LIMIT_BYTES
from tests.e2e.test_parity_with_oracle import NOTHING_WRONG, committed, delivery_figures

pytestmark = pytest.mark.stack

#: Every codec that Kafka knows.
CODECS: Final = ("none", "gzip", "snappy", "lz4", "zstd")
HUGE_BYTES: Final = 8_000_000


def body(codec: str) -> bytes:
    """Of a record: as large as the codec lets it be within a batch of 1 MiB."""
    size = HUGE_BYTES if codec in ("gzip", "lz4", "zstd") else 900_000
    return f'{{"sent by": "{codec}", "filler": "'.encode() + b"a" * size


class ForeignSender(threading.Thread):
    """Waits until swipes flow on the newest run's topic, and puts its records among them."""

    def __init__(self, bootstrap: str) -> None:
        super().__init__(daemon=True)
        self.bootstrap = bootstrap
        self.errors: list[str] = []

    def run(self) -> None:
        admin = admin_client(self.bootstrap)
        deadline_s = time.monotonic() + 240
        while time.monotonic() < deadline_s:
            topics = [name for name in admin.list_topics(timeout=10).topics if "swipes" in name]
            topic = next((name for name in topics if name.endswith(".swipes")), None)
            if topic and sum(read_ends(admin, partitions_of(admin, [topic])).end.values()) > 500:
                self._send(topic)
                return
            time.sleep(0.3)
        self.errors.append("no swipes came")

    def _send(self, topic: str) -> None:
        for codec in CODECS:
            settings = {
                "bootstrap.servers": self.bootstrap,
                "message.max.bytes": 2 * HUGE_BYTES,
                "compression.type": codec,
            }
            producer = Producer(settings)
            producer.produce(topic, body(codec), codec.encode(), on_delivery=self._delivered)
            if producer.flush(30):
                self.errors.append(f"{codec}: not confirmed")

    def _delivered(self, error: Any, message: Any) -> None:
        if error is not None:
            self.errors.append(f"{message.key()!r}: {error}")


@pytest.mark.slow
def test_a_compressed_record_of_any_size_restarts_nothing(run_it: Any, stack_settings: Any) -> None:
    foreign = ForeignSender(stack_settings.kafka_address)
    foreign.start()
    folder, evaluation = run_it(duration_s=8)
    foreign.join(10)
    assert foreign.errors == []
    job = msgspec.json.decode((folder / "history" / "job.json").read_bytes())
    assert job["restarts"] == 0, job["exceptions"][:1]
    decode = msgspec.json.Decoder(DeadLetter).decode
    letters = {each.key: each for each in map(decode, committed(folder, "dead-letters"))}
    for codec in CODECS:
        letter, sent = letters[codec], body(codec)
        assert letter.reason == "not_json", codec
        assert letter.payload_bytes == len(sent)
        assert base64.b64decode(letter.payload_base64) == sent[:PAYLOAD_LIMIT_BYTES]
    figures = delivery_figures(evaluation)
    assert {name: figures[name] for name in NOTHING_WRONG} == NOTHING_WRONG
    # That somebody else wrote to the topic does not go unnoticed.
    assert "were not reported as delivered" in evaluation.judge("delivery").reason
