"""What does one swipe cost in the engine?

Run with ``pytest tests/bench/bench_engine.py -o python_functions='bench_*'``; the lowest times are
those that other processes disturbed least.

A card with eight swipes in the last 24 hours, most of them around home, as an ordinary card has;
each round sends one more swipe to a fresh copy of that card.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from job.contracts import Swipe, Topics
from job.engine.card_engine import CardEngine, Source
from job.engine.card_state import CardState, decode_card_state, encode_card_state
from job.engine.settings import EngineSettings
from job.rules.base import CardRule
from job.rules.discovery import card_rule_classes
from job.rules.example import Typical, example_card, example_swipe
from job.rules.parameters import load_rules

HOUR_MS = 3_600_000
START_MS = 1_760_000_000_000
ROUNDS = 5_000
SOURCE = Source("swipes", 0, 7)


def ordinary(number: int, at_ms: int) -> Swipe:
    """Three of four swipes are at a terminal near home."""
    fields: dict[str, Any] = {"latitude": 48.85 + number * 0.01, "longitude": 2.35}
    if number % 4 == 3:
        fields = {"entry_mode": "ecommerce", "device_id": "holders-phone", "ip_country": "FR"}
    return example_swipe(
        swipe_id=f"swipe-{number:012}", event_time_ms=at_ms, amount_minor=2_000 + number, **fields
    )


def ordinary_card() -> CardState:
    past = [ordinary(number, START_MS + number * 2 * HOUR_MS) for number in range(8)]
    return example_card(*past, typical=Typical())


SWIPES: dict[str, Swipe] = {
    "at home": ordinary(8, START_MS + 15 * HOUR_MS),
    "online": ordinary(11, START_MS + 15 * HOUR_MS),
    "on a journey": example_swipe(
        swipe_id="swipe-000000000008",
        event_time_ms=START_MS + 23 * HOUR_MS,
        latitude=43.3,
        longitude=5.4,
    ),
    "large": example_swipe(
        swipe_id="swipe-000000000008",
        event_time_ms=START_MS + 15 * HOUR_MS,
        amount_minor=25_000,
        latitude=48.85,
        longitude=2.35,
    ),
}


@pytest.mark.parametrize("kind", SWIPES)
def bench_process(benchmark: Any, kind: str) -> None:
    """The whole way of one swipe: read, fate, all card rules, remember, encode."""
    engine = CardEngine(load_rules(), EngineSettings(), Topics.with_prefix())
    value, at_ms = msgspec.json.encode(SWIPES[kind]), SWIPES[kind].event_time_ms
    card = ordinary_card()

    def fresh() -> tuple[tuple[Any, ...], dict[str, Any]]:
        again = copy.copy(card)
        again.history = card.history.copy()
        again.device_first_seen_ms = card.device_first_seen_ms.copy()
        return (value, "example-card", at_ms, SOURCE, again, []), {}

    benchmark.pedantic(engine.process, setup=fresh, rounds=ROUNDS)


@pytest.mark.parametrize("kind", SWIPES)
@pytest.mark.parametrize("name", card_rule_classes())
def bench_measure(benchmark: Any, name: str, kind: str) -> None:
    """One rule's share."""
    rule: CardRule = card_rule_classes()[name]()
    benchmark.pedantic(
        rule.measure, args=(SWIPES[kind], ordinary_card()), iterations=1_000, rounds=100
    )


@pytest.mark.parametrize("step", ["encode", "decode"])
def bench_card_state(benchmark: Any, step: str) -> None:
    """What it costs to store a card's state and to read it back."""
    card = ordinary_card()
    stored = encode_card_state(card)
    steps: dict[str, Callable[[], object]] = {
        "encode": lambda: encode_card_state(card),
        "decode": lambda: decode_card_state(stored),
    }
    benchmark.pedantic(steps[step], iterations=500, rounds=100)
