"""What do the engine's tests send?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from job.contracts import Topics
from job.engine.card_engine import CardEngine, Output, Source
from job.engine.card_state import CardState
from job.engine.settings import EngineSettings
from job.rules.example import example_swipe
from job.rules.parameters import load_rules

#: The example's card: the key of every record.
KEY = "example-card"


class Bench:
    """One engine and one card, and what came out."""

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self.engine = CardEngine(load_rules(), settings or EngineSettings(), Topics.with_prefix())
        self.card = CardState()
        self.offset = -1

    def send(self, value: bytes, record_time_ms: int = 0, key: str = KEY) -> list[Output]:
        self.offset += 1
        source = Source("swipes", 0, self.offset)
        return self.engine.process(value, key, record_time_ms, source, self.card, [])

    def swipe(self, event_time_ms: int, swipe_id: str, **fields: Any) -> str:
        """Send a swipe and say its fate."""
        swipe = example_swipe(swipe_id=swipe_id, event_time_ms=event_time_ms, **fields)
        return self.fate(self.send(msgspec.json.encode(swipe), event_time_ms))

    @staticmethod
    def fate(outputs: list[Output]) -> str:
        """The one fate that the outputs tell."""
        fates = []
        for output in outputs:
            record = msgspec.json.decode(output.value)
            if output.topic == "decisions":
                fates.append(record["fate"])
            elif output.topic == "late-swipes":
                fates.append("late")
            elif output.topic == "dead-letters":
                fates.append(f"dead_letter: {record['reason']}")
        assert len(fates) == 1
        return str(fates[0])


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture(scope="session")
def make_bench() -> Callable[..., Bench]:
    return Bench
