"""What may a record do to the task, and what may only the state do?"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from job.contracts import Observation, RuleChange
from job.engine.card_engine import CardEngine
from job.engine.card_state import STATE_VERSION, CardState, decode_card_state, encode_card_state
from job.engine.window_engine import (
    ENTITY_STATE_VERSION,
    EntityState,
    decode_entity_state,
    decode_observation,
    encode_entity_state,
    encode_observation,
)
from job.flink.card_function import JUDGED, OBSERVATIONS
from job.flink.window_function import WindowFunction
from job.rules.example import example_report
from tests.job.flink.one_task import (
    KEY,
    Broadcast,
    Context,
    DiskFull,
    State,
    card_function,
    send,
    take,
    topics,
    velocity,
    window_function,
)


def test_a_judged_swipe_goes_on_to_event_time_windows_once_and_only_if_there_are_any() -> None:
    state = State()
    without = card_function(state)
    assert not [result for result in send(without) if result[0] is JUDGED]
    function = card_function(State(), with_windows=True)
    ((_, judged),) = [result for result in send(function) if result[0] is JUDGED]
    assert msgspec.json.decode(judged)[:2] == ["s1", KEY]
    assert not [result for result in send(function) if result[0] is JUDGED]  # a repeat


def observe(function: WindowFunction) -> list[Any]:
    observation = Observation(
        rule="bin_attack", entity_id="e", card_token="c1", swipe_id="s1", event_time_ms=1_000
    )
    return list(function.process_element(encode_observation(observation)[1], Context()))


def test_a_judged_swipe_is_in_the_state() -> None:
    state = State()
    assert topics(send(card_function(state))) == ["decisions"]
    assert state.stored is not None
    assert decode_card_state(state.stored).judged_count == 1


def test_a_restored_card_counts_on_from_its_state() -> None:
    state = State()
    send(card_function(state), "s1")
    (decision,) = send(card_function(State(state.stored)), "s2")
    assert msgspec.json.decode(decision[2])["card_count"] == 2


@pytest.mark.parametrize(
    "stored",
    [b"\xc1", encode_card_state(CardState(version=STATE_VERSION + 1))],
    ids=["no state", "a newer version"],
)
def test_a_card_state_that_cannot_be_read_fails_the_task(stored: bytes) -> None:
    state = State(stored)
    with pytest.raises(msgspec.DecodeError):
        send(card_function(state))
    assert state.stored == stored


def test_a_card_state_that_cannot_be_written_fails_the_task() -> None:
    with pytest.raises(DiskFull):
        send(card_function(State(full=True)))


def test_a_swipe_on_which_the_engine_fails_is_a_dead_letter_and_leaves_the_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = State()
    function = card_function(state)
    send(function, "s1")
    before = state.stored

    def fail(_self: CardEngine, *arguments: Any) -> Any:
        arguments[4].judged_count += 1
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(CardEngine, "process", fail)
        (letter,) = send(function, "s2")
    assert letter[0] == "dead-letters"
    assert msgspec.json.decode(letter[2])["reason"] == "internal_error"
    assert state.stored == before
    send(function, "s3")
    assert state.stored is not None
    assert decode_card_state(state.stored).judged_count == 2


def test_an_observation_is_in_the_state() -> None:
    state = State()
    observe(window_function(state))
    assert len(decode_entity_state(state.stored).windows) == 1


@pytest.mark.parametrize(
    "stored",
    [b"\xc1", encode_entity_state(EntityState(version=ENTITY_STATE_VERSION + 1))],
    ids=["no state", "a newer version"],
)
def test_an_entity_state_that_cannot_be_read_fails_the_task(stored: bytes) -> None:
    function = window_function(State(stored))
    with pytest.raises(msgspec.DecodeError):
        observe(function)
    with pytest.raises(msgspec.DecodeError):
        function.on_timer(59_999, Context())


def test_an_entity_state_that_cannot_be_written_fails_the_task() -> None:
    with pytest.raises(DiskFull):
        observe(window_function(State(full=True)))


# Changes of the rules


@pytest.mark.parametrize(("make", "part"), [(card_function, "card"), (window_function, "window")])
def test_a_change_is_kept_and_said(make: Any, part: str) -> None:
    context = Context()
    (audit,) = take(make(State()), velocity(swipes=2), context)
    assert (audit["to"], audit["part"]) == ("rule-audit", part)
    assert (audit["change_id"], audit["partition"], audit["offset"]) == ("c1", 3, 9)
    assert audit["rules_version"] != audit["previous_rules_version"]
    assert context.kept == {"velocity": velocity(swipes=2)}


def test_a_change_counts_for_the_next_swipe() -> None:
    function, context = card_function(State()), Context()
    send(function, "s1", context)
    take(function, velocity(swipes=2), context)
    decision, alert = (msgspec.json.decode(r[2]) for r in send(function, "s2", context))
    assert decision["rules"] == ["velocity"]
    assert alert["rules_version"] == decision["rules_version"] != ""


def test_a_restarted_task_judges_by_what_the_broadcast_state_holds() -> None:
    state = State()
    send(card_function(state), "s1")
    context = Context(Broadcast(velocity=velocity(swipes=2)))
    assert topics(send(card_function(state), "s2", context)) == ["decisions", "alerts"]


def test_a_bad_change_is_told_once_and_changes_nothing() -> None:
    context, bad = Context(), velocity(version=2, swipes=1)
    function = card_function(State())
    take(function, velocity(swipes=2), context)
    (letter,) = take(function, bad, context)
    assert (letter["to"], letter["reason"]) == ("dead-letters", "rule_change")
    assert (letter["partition"], letter["offset"], letter["key"]) == (3, 9, "velocity")
    assert context.kept == {"velocity": velocity(swipes=2)}
    assert take(card_function(State(), subtask=1), bad, Context()) == []
    assert take(window_function(State()), bad, Context()) == []


def test_a_change_without_value_is_taken_back_from_the_state() -> None:
    function, context = card_function(State()), Context()
    take(function, velocity(swipes=2), context)
    (audit,) = take(function, b"R 3 10 8 velocity", context)
    assert audit["change_id"] is None
    assert context.kept == {}
    assert take(function, b"R 3 11 8 velocity", context) == []


def test_a_change_that_cannot_be_kept_fails_the_task() -> None:
    context = Context()
    context.broadcast.full = True
    with pytest.raises(DiskFull):
        take(card_function(State()), velocity(swipes=2), context)


def test_what_a_restarted_task_no_longer_allows_is_a_dead_letter() -> None:
    context = Context(Broadcast(velocity=velocity(swipes=1)))
    assert topics(send(card_function(State()), "s1", context)) == ["dead-letters", "decisions"]


def test_an_observation_of_a_paused_rule_leaves_open_windows_alone() -> None:
    state, context = State(), Context()
    function = window_function(state)
    observe(function)
    before = state.stored
    paused = RuleChange(
        change_id="c", version=1, rule="bin_attack", mode="paused", author="s", changed_ms=1
    )
    take(function, b"R 0 0 10 bin_attack" + msgspec.json.encode(paused), context)
    assert observe(function) == []
    assert state.stored == before


def test_a_report_goes_against_what_the_card_visited_and_leaves_its_state() -> None:
    state = State()
    function = card_function(state)
    send(function)
    stored = state.stored
    report = example_report(event_time_ms=1_500, reported_ms=1_000)
    frame = b"F 0 4 %d %s%s" % (len(KEY), KEY.encode(), msgspec.json.encode(report))
    ((tag, row),) = function.process_element(frame, Context())
    assert tag is OBSERVATIONS
    observation = decode_observation(row[1])
    assert (observation.entity_id, observation.reported) == ("example-shop", True)
    assert state.stored == stored


def test_a_report_that_cannot_be_read_names_its_topic() -> None:
    frame = b"F 2 4 %d %s{" % (len(KEY), KEY.encode())
    ((topic, _, value),) = card_function(State()).process_element(frame, Context())
    assert topic == "dead-letters"
    letter = msgspec.json.decode(value)
    assert (letter["topic"], letter["partition"], letter["offset"]) == ("fraud-reports", 2, 4)


def test_cards_seen_are_stored_until_no_report_can_ask_for_them() -> None:
    state = State()
    function = window_function(state)
    seen = Observation(
        rule="compromised_terminal", entity_id="m", card_token="c", swipe_id="s", event_time_ms=1
    )
    assert list(function.process_element(encode_observation(seen)[1], Context())) == []
    assert state.stored is not None
    assert decode_entity_state(state.stored).seen_by_day == {0: 1}
