"""What may a record do to the task, and what may only the state do?"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from job.contracts import Observation, Topics
from job.engine.card_engine import CardEngine
from job.engine.card_state import STATE_VERSION, CardState, decode_card_state, encode_card_state
from job.engine.settings import EngineSettings
from job.engine.window_engine import (
    ENTITY_STATE_VERSION,
    EntityState,
    decode_entity_state,
    encode_entity_state,
    encode_observation,
)
from job.flink.card_function import JUDGED, CardFunction
from job.flink.window_function import WindowFunction
from job.rules.example import example_swipe
from job.rules.parameters import DEFAULT_FILE, read_tables

KEY = "example-card"


class DiskFull(Exception):
    pass


class State:
    """One key's value, or a disk that takes no more."""

    def __init__(self, stored: bytes | None = None, *, full: bool = False) -> None:
        self.stored = stored
        self.full = full

    def value(self) -> bytes | None:
        return self.stored

    def update(self, value: bytes) -> None:
        if self.full:
            raise DiskFull
        self.stored = value


class Runtime:
    """As much of Flink's runtime context as the functions ask for; counts nothing."""

    def __init__(self, state: State) -> None:
        self.state = state

    def get_state(self, _descriptor: Any) -> State:
        return self.state

    def get_metrics_group(self) -> Runtime:
        return self

    def counter(self, _name: str) -> Runtime:
        return self

    def inc(self, _count: int) -> None:
        pass


class Context:
    """Of one record: its time, and a watermark that has not begun."""

    def timestamp(self) -> int:
        return 1_000

    def timer_service(self) -> Context:
        return self

    def current_watermark(self) -> int:
        return -(2**63)

    def register_event_time_timer(self, _time_ms: int) -> None:
        pass


def card_function(state: State, *, with_windows: bool = False) -> CardFunction:
    function = CardFunction(
        read_tables(DEFAULT_FILE),
        EngineSettings(),
        Topics.with_prefix(),
        None,
        10,
        1_000,
        with_windows=with_windows,
    )
    function.open(Runtime(state))
    return function


def send(function: CardFunction, swipe_id: str = "s1") -> list[Any]:
    swipe = msgspec.json.encode(example_swipe(swipe_id=swipe_id, event_time_ms=1_000))
    frame = b"S 0 7 %d %s%s" % (len(KEY), KEY.encode(), swipe)
    return list(function.process_element(frame, Context()))


def topics(results: list[Any]) -> list[str]:
    return [result[0] for result in results if isinstance(result[0], str)]


def test_a_judged_swipe_goes_on_to_event_time_windows_once_and_only_if_there_are_any() -> None:
    state = State()
    without = card_function(state)
    assert not [result for result in send(without) if result[0] is JUDGED]
    function = card_function(State(), with_windows=True)
    ((_, judged),) = [result for result in send(function) if result[0] is JUDGED]
    assert msgspec.json.decode(judged)[:2] == ["s1", KEY]
    assert not [result for result in send(function) if result[0] is JUDGED]  # a repeat


def window_function(state: State) -> WindowFunction:
    function = WindowFunction(read_tables(DEFAULT_FILE), EngineSettings(), Topics.with_prefix())
    function.open(Runtime(state))
    return function


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
