"""Does each disturbance end in the fate it is meant for?

The job's own engine, without rules, settles the fates.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import msgspec
import pytest

from generator.damage import DAMAGES
from job.contracts import DeadLetter, Swipe, Topics
from job.engine.card_engine import CardEngine, Source
from job.engine.card_state import CardState
from job.engine.settings import EngineSettings

TOPICS = Topics.with_prefix()
EXPECTED = {
    "none": {"decisions"},
    "disorder": {"decisions"},
    "late": {"late-swipes"},
    "repeat": {"decisions"},
    "id_conflict": {"dead-letters"},
    "unreadable": {"dead-letters"},
    "ahead": {"dead-letters"},
}


def run_engine(replay: Any) -> tuple[dict[str, Counter[str]], Counter[str], CardEngine]:
    """Topics by disturbance, reasons of dead letters, and the engine with its counts."""
    limit_ms = replay.manifest.event_time_limit_ms
    engine = CardEngine([], EngineSettings(event_time_limit_ms=limit_ms), TOPICS)
    cards: defaultdict[str, CardState] = defaultdict(CardState)
    for number, row in enumerate(replay.rows("profiles")):
        token = row["card_token"]
        source = Source("card-profiles", 0, number)
        assert engine.load_profile(row["value"], token, cards[token], source, []) == []
    topics: dict[str, Counter[str]] = defaultdict(Counter)
    reasons: Counter[str] = Counter()
    for row in replay.rows("records"):
        key, value = row["key"] or "", row["value"] or b""
        source = Source("swipes", 0, row["index"])
        (out,) = engine.process(value, key, row["record_time_ms"], source, cards[key], [])
        topics[row["disturbance"]][out.topic] += 1
        if out.topic == "dead-letters":
            reasons[msgspec.json.decode(out.value, type=DeadLetter).reason] += 1
    return topics, reasons, engine


@pytest.fixture(scope="module", params=["rough", "soak"])
def outcome(request: pytest.FixtureRequest) -> Any:
    replay = request.getfixturevalue(request.param)
    return replay, *run_engine(replay)


@pytest.mark.parametrize("disturbance", EXPECTED)
def test_each_disturbance_ends_where_it_should(outcome: Any, disturbance: str) -> None:
    _, topics, _, _ = outcome
    assert set(topics[disturbance]) == EXPECTED[disturbance]


def test_the_dead_letters_have_the_reasons_of_their_damage(outcome: Any) -> None:
    replay, topics, reasons, _ = outcome
    expected: Counter[str] = Counter()
    for kind, count in replay.manifest.unreadable_by_kind.items():
        expected[DAMAGES[kind].reason] += count
    expected["id_conflict"] += topics["id_conflict"].total()
    expected["event_time_ahead"] += topics["ahead"].total()
    assert reasons == expected


def test_only_repeats_are_repeats(outcome: Any) -> None:
    _, topics, _, engine = outcome
    assert engine.counts["repeat"] == topics["repeat"].total()


def test_every_swipe_is_sent_exactly_once_beside_the_disturbances(outcome: Any) -> None:
    replay, *_ = outcome
    whole = {"none", "disorder", "late", "ahead"}
    sent = Counter(row["swipe_id"] for row in replay.rows("records") if row["disturbance"] in whole)
    assert set(sent.values()) == {1}
    assert set(sent) == {row["swipe_id"] for row in replay.rows("labels")}


def test_the_manifest_counts_the_disturbances(outcome: Any) -> None:
    replay, topics, _, _ = outcome
    assert replay.manifest.disturbances == {kind: c.total() for kind, c in topics.items()}
    assert set(replay.manifest.disturbances) == set(EXPECTED)


def test_every_kind_of_damage_occurs(rough: Any) -> None:
    assert set(rough.manifest.unreadable_by_kind) == set(
        rough.settings.disturbances.unreadable_kinds
    )


def test_an_unreadable_record_has_no_swipe_id(rough: Any) -> None:
    for row in rough.rows("records"):
        assert (row["swipe_id"] is None) == (row["disturbance"] == "unreadable")


def test_a_repeat_is_byte_for_byte_the_first(rough: Any) -> None:
    rows = rough.rows("records")
    first = {r["swipe_id"]: r for r in rows if r["disturbance"] in ("none", "disorder")}
    for row in rows:
        if row["disturbance"] == "repeat":
            assert row["value"] == first[row["swipe_id"]]["value"]
            assert row["index"] > first[row["swipe_id"]]["index"]


def test_an_id_conflict_differs_in_the_amount_alone(rough: Any) -> None:
    swipes = {row["swipe_id"]: row for row in rough.rows("swipes")}
    for row in rough.rows("records"):
        if row["disturbance"] == "id_conflict":
            other = msgspec.structs.asdict(msgspec.json.decode(row["value"], type=Swipe))
            changed = {k for k, v in other.items() if v != swipes[row["swipe_id"]][k]}
            assert changed == {"amount_minor"}


def test_late_and_ahead_swipes_are_genuine(rough: Any) -> None:
    labels = {row["swipe_id"]: row for row in rough.rows("labels")}
    attacked = {row["entity_id"] for row in rough.rows("incidents")}
    for row in rough.rows("records"):
        if row["disturbance"] in ("late", "ahead"):
            assert labels[row["swipe_id"]]["role"] == "ordinary"
            assert row["key"] not in attacked
