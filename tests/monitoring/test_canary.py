"""Is a canary swipe judged as any other, flagged by no rule, and timed once?"""

from __future__ import annotations

from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from job.contracts import Decision, Swipe
from job.engine.settings import EngineSettings
from job.local import LocalJob, Record
from job.rules.parameters import load_rules
from monitoring.canary.figures import VIEWS, Figures, View
from monitoring.canary.swipes import CARDS, PREFIX, canary_swipe
from monitoring.canary.waiting import Waiting

INTERVAL_MS: Final = 500
#: Three turns of every card.
COUNT: Final = 3 * CARDS
START_MS: Final = 1_700_000_000_000
S: Final = 1_000_000_000


def test_three_rounds_of_all_cards_are_judged_and_raise_no_alert() -> None:
    job = LocalJob(load_rules(), EngineSettings())
    encode, decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(Decision).decode
    judged = 0
    for number in range(COUNT):
        swipe = canary_swipe("run", number, START_MS + number * INTERVAL_MS)
        record = Record(0, number, swipe.event_time_ms, swipe.card_token, encode(swipe))
        for _source, output in job.process(record):
            assert output.topic == "decisions", output
            decision = decode(output.value)
            assert (decision.fate, decision.action, decision.rules) == ("judged", "clear", [])
            judged += 1
    assert judged == COUNT


def test_the_same_swipes_on_one_card_would_raise_one() -> None:
    """The negative control: it is the turns of the cards that keep the rules quiet."""
    job = LocalJob(load_rules(), EngineSettings())
    topics = set()
    for number in range(20):
        swipe = msgspec.structs.replace(
            canary_swipe("run", number, START_MS + number * INTERVAL_MS), card_token="one"
        )
        record = Record(0, number, swipe.event_time_ms, "one", msgspec.json.encode(swipe))
        topics |= {output.topic for _source, output in job.process(record)}
    assert "alerts" in topics


@given(st.integers(0, 10**9), st.integers(0, 2**41))
def test_every_swipe_keeps_the_contract_and_can_be_told_apart(number: int, time_ms: int) -> None:
    swipe = canary_swipe("0f3a", number, time_ms)
    assert msgspec.json.decode(msgspec.json.encode(swipe), type=Swipe) == swipe
    names = (swipe.swipe_id, swipe.card_token, swipe.merchant_id, swipe.terminal_id)
    assert all(name.startswith(PREFIX) for name in names)


@pytest.fixture
def figures() -> Figures:
    return Figures()


def told(figures: Figures, name: str, view: View | None = None, **labels: str) -> float:
    labels |= {"view": view} if view else {}
    value = figures.registry.get_sample_value(f"paystream_canary_{name}", labels)
    assert value is not None
    return value


def test_a_decision_counts_once_and_from_when_the_swipe_was_due(figures: Figures) -> None:
    waiting = Waiting(figures, give_up_s=30)
    waiting.sent("a", 10 * S)
    waiting.decided("uncommitted", "a", 10 * S + S // 50)
    waiting.decided("uncommitted", "a", 12 * S)
    waiting.decided("committed", "unknown", 12 * S)
    assert told(figures, "latency_seconds_count", "uncommitted") == 1
    assert told(figures, "latency_seconds_sum", "uncommitted") == pytest.approx(0.02)
    assert told(figures, "latency_seconds_count", "committed") == 0


def test_a_swipe_without_a_decision_is_lost_and_as_late_as_was_waited(figures: Figures) -> None:
    waiting = Waiting(figures, give_up_s=30)
    waiting.sent("old", 0)
    waiting.sent("new", 20 * S)
    waiting.decided("committed", "old", S)
    waiting.give_up(31 * S)
    assert told(figures, "lost_total", "uncommitted") == 1
    assert told(figures, "lost_total", "committed") == 0
    above = told(figures, "latency_seconds_bucket", "uncommitted", le="+Inf")
    below = told(figures, "latency_seconds_bucket", "uncommitted", le="20.0")
    assert above - below == 1
    # A decision that comes after all changes nothing.
    waiting.decided("uncommitted", "old", 32 * S)
    assert told(figures, "latency_seconds_count", "uncommitted") == 1


def test_a_swipe_that_kafka_did_not_take_is_not_lost(figures: Figures) -> None:
    waiting = Waiting(figures, give_up_s=30)
    waiting.sent("a", 0)
    waiting.unsent("a")
    waiting.unsent("a")
    waiting.give_up(60 * S)
    assert told(figures, "unsent_total") == 1
    assert [told(figures, "lost_total", view) for view in VIEWS] == [0, 0]


def test_what_has_not_happened_yet_is_told_as_zero(figures: Figures) -> None:
    """A counter that appears with its first step has no rate, and wakes nobody."""
    assert [told(figures, "lost_total", view) for view in VIEWS] == [0, 0]
    assert told(figures, "unsent_total") == 0
