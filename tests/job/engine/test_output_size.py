"""Does every output fit a topic and a producer with Kafka's own limits, whatever came in?"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import msgspec
import pytest

from job.contracts import DeadLetter, Topics
from job.engine.card_engine import KEY_LIMIT, PAYLOAD_LIMIT_BYTES, CardEngine, Output, Source
from job.engine.card_state import HISTORY_LIMIT, CardState
from job.engine.intake import Unreadable
from job.engine.settings import EngineSettings
from job.rules.example import example_swipe
from job.rules.parameters import load_rules

#: Kafka's defaults: `max.request.size` of the producer, `max.message.bytes` of a topic less 12.
DEFAULT_LIMIT_BYTES = 1024 * 1024
#: Batch and record headers, generously.
ENVELOPE_BYTES = 1024
#: The longest that an identifier gets in JSON: each control character takes six bytes.
WIDEST = "\x01" * 60
LONGEST_TOPIC = "t" * 249


def size_bytes(output: Output) -> int:
    return len(output.key.encode()) + len(output.value) + ENVELOPE_BYTES


def dead_letter(payload: bytes, key: str = "c1", detail: str = "") -> tuple[Output, DeadLetter]:
    engine = CardEngine([], EngineSettings(), Topics.with_prefix())
    source = Source(LONGEST_TOPIC, 2**31 - 1, 2**63 - 1)
    output = engine.dead_letter(payload, key, source, Unreadable("contract", detail))
    return output, msgspec.json.decode(output.value, type=DeadLetter)


@pytest.mark.parametrize("length", [0, 1, PAYLOAD_LIMIT_BYTES])
def test_a_dead_letter_up_to_the_limit_holds_the_whole_record(length: int) -> None:
    _, letter = dead_letter(b"{" * length)
    assert base64.b64decode(letter.payload_base64) == b"{" * length
    assert (letter.payload_bytes, letter.payload_sha256) == (length, None)


@pytest.mark.parametrize("length", [PAYLOAD_LIMIT_BYTES + 1, 20_000_000])
def test_a_larger_record_is_cut_and_can_be_known_again(length: int) -> None:
    payload = b"[1" * (length // 2) + b"[" * (length % 2)
    _, letter = dead_letter(payload)
    assert base64.b64decode(letter.payload_base64) == payload[:PAYLOAD_LIMIT_BYTES]
    assert letter.payload_bytes == length
    assert letter.payload_sha256 == hashlib.sha256(payload).hexdigest()


def test_the_largest_dead_letter_fits_the_default_limits() -> None:
    output, letter = dead_letter(b"\xff" * 20_000_000, "\x01" * 100_000, "\x01" * 100_000)
    assert len(letter.key) == len(output.key) == KEY_LIMIT
    assert size_bytes(output) < DEFAULT_LIMIT_BYTES


def test_a_letter_from_before_the_fields_were_there_can_be_read() -> None:
    _, letter = dead_letter(b"{")
    old = msgspec.to_builtins(letter)
    del old["payload_bytes"], old["payload_sha256"]
    read = msgspec.convert(old, DeadLetter)
    assert (read.payload_bytes, read.payload_sha256) == (None, None)


def test_an_oversized_swipe_leaves_one_dead_letter_that_fits(bench: Any) -> None:
    (output,) = bench.send(b"{" * 20_000_000)
    assert output.topic == "dead-letters"
    assert size_bytes(output) < DEFAULT_LIMIT_BYTES


def widest(number: int, event_time_ms: int) -> bytes:
    """A swipe with the longest identifiers of the contract, and much that no job reads."""
    name = f"{WIDEST}{number:04}"
    swipe = example_swipe(swipe_id=name, event_time_ms=event_time_ms)
    names = dict.fromkeys(["merchant_id", "terminal_id", "device_id"], name)
    unread = {"unknown": "x" * 2_000}
    return json.dumps(
        msgspec.to_builtins(swipe) | names | {"response_code": "51"} | unread
    ).encode()


def test_late_swipes_decisions_and_alerts_with_the_longest_identifiers_fit() -> None:
    topics = Topics.with_prefix()
    engine = CardEngine(load_rules(), EngineSettings(), topics)
    # As sensitive as can be: whatever can fire does, each with all the evidence it finds.
    engine.detector._measures = [(rule, rule.measure, 0.0) for rule in engine.detector.rules]
    card = CardState()
    outputs: list[Output] = []
    times_ms = [*range(100_000, 100_000 + HISTORY_LIMIT + 10), 0]
    for number, time_ms in enumerate(times_ms):
        value = widest(number, time_ms)
        source = Source(topics.swipes, 0, number)
        outputs += engine.process(value, "example-card", time_ms, source, card, [])
    seen = {output.topic for output in outputs}
    assert {topics.decisions, topics.alerts, topics.late_swipes} <= seen
    largest = max(size_bytes(output) for output in outputs)
    assert largest < DEFAULT_LIMIT_BYTES
