"""Is a swipe that a terminal held back sent when it arrives, and has it one fate?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

from generator.cards import Portfolio
from generator.disturb import Sent, disturb
from generator.merchants import Market
from generator.settings import Disturbances, ReplaySettings
from generator.traffic import LabelledSwipe, as_swipe
from generator.world import PopulationWorld
from job.contracts import Topics
from job.engine.card_engine import CardEngine, Source
from job.engine.card_state import CardState
from job.engine.settings import EngineSettings
from scenarios.planning import swipe_at

SETTINGS = ReplaySettings(
    scenario="ordinary", rate_per_min=6_000, duration_s=60, warm_up_s=0,
    disturbances=Disturbances.none(),
)  # fmt: skip
TOPICS = Topics.with_prefix()
NOON_MS = SETTINGS.measured_start_ms
HOUR_MS = 3_600_000


def sent(times_and_delays_ms: Sequence[tuple[int, int]]) -> Sent:
    """Swipes of one card with these offsets and delays, named by their place in the list."""
    portfolio = Portfolio(SETTINGS)
    rng = np.random.default_rng(1)
    market = Market(SETTINGS, portfolio)
    world = PopulationWorld(portfolio, market, set(), b"test", rng, NOON_MS, NOON_MS + HOUR_MS)
    card = world.take_card()
    terminal = world.terminal(card.place)
    labelled = []
    for number, (offset_ms, delay_ms) in enumerate(times_and_delays_ms):
        planned = swipe_at(world, card, terminal, NOON_MS + offset_ms, "look_alike")
        swipe = as_swipe(planned, f"{number:016x}")
        labelled.append(LabelledSwipe(swipe, arrival_delay_ms=delay_ms))
    return disturb(SETTINGS, labelled, msgspec.json.encode)


def fates(records: Sent) -> dict[int, str]:
    """By number of the swipe: the topic that says its fate, each exactly once."""
    engine = CardEngine([], EngineSettings(event_time_limit_ms=NOON_MS + HOUR_MS), TOPICS)
    card = CardState()
    found: dict[int, str] = {}
    for offset, record in enumerate(records.records):
        assert record.value is not None
        assert record.key is not None
        source = Source("swipes", 0, offset)
        outputs = engine.process(record.value, record.key, record.record_time_ms, source, card, [])
        (output,) = outputs
        number = int(record.swipe_id or "", 16)
        assert number not in found
        found[number] = output.topic
    assert engine.counts.total() == len(records.records)
    return found


def test_it_is_sent_when_it_arrives_with_its_own_event_time() -> None:
    #  event time   0 (stored) ........ 60 s, 120 s     arrival: 60 s, 90 s (stored), 120 s
    records = sent([(0, 90_000), (60_000, 0), (120_000, 0)]).records
    assert [int(record.swipe_id or "", 16) for record in records] == [1, 0, 2]
    assert [record.position_ms - NOON_MS for record in records] == [60_000, 90_000, 120_000]
    assert [record.record_time_ms - NOON_MS for record in records] == [60_000, 0, 120_000]


def test_behind_a_newer_swipe_of_its_card_it_is_late() -> None:
    found = fates(sent([(0, 20 * HOUR_MS), (60_000, 0)]))
    assert found == {0: TOPICS.late_swipes, 1: TOPICS.decisions}


def test_with_nothing_newer_of_its_card_it_is_judged_however_old() -> None:
    assert fates(sent([(0, 20 * HOUR_MS)])) == {0: TOPICS.decisions}


@pytest.mark.parametrize(
    ("uploaded", "expected"),
    [
        ("oldest first", {TOPICS.decisions: 4}),
        ("newest first", {TOPICS.decisions: 1, TOPICS.late_swipes: 3}),
    ],
)
def test_a_flush_has_one_fate_a_swipe(uploaded: str, expected: dict[str, int]) -> None:
    """Four swipes ten minutes apart, uploaded within two seconds, two hours after the first."""
    count, apart_ms, flush_ms = 4, 600_000, 2 * HOUR_MS
    delays_ms = []
    for number in range(count):
        place = number if uploaded == "oldest first" else count - 1 - number
        delays_ms.append((number * apart_ms, flush_ms + place * 400 - number * apart_ms))
    assert Counter(fates(sent(delays_ms)).values()) == expected
