"""What may a record do to the task, and what may only the state do?"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from pyflink.common import Row

from job.contracts import Observation, RuleChange, Topics
from job.engine.card_engine import CardEngine
from job.engine.card_state import STATE_VERSION, CardState, decode_card_state, encode_card_state
from job.engine.settings import EngineSettings
from job.engine.window_engine import (
    ENTITY_STATE_VERSION,
    EntityState,
    decode_entity_state,
    decode_observation,
    encode_entity_state,
    encode_observation,
)
from job.flink.card_function import JUDGED, OBSERVATIONS, CardFunction
from job.flink.rule_changes import Standing
from job.flink.tables import frame_rule
from job.flink.window_function import WindowFunction
from job.rules.example import example_report, example_swipe
from job.rules.parameters import DEFAULT_FILE, read_tables

KEY = "example-card"
NOTHING = Standing((), {})


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
    """As much of Flink's runtime context as the functions ask for; counts nothing.

    It stands for the Java context behind it, too, and for the task's description: one of two.
    """

    def __init__(self, state: State, subtask: int = 0) -> None:
        self.state = state
        self.subtask = subtask
        self._runtime_context = self

    def getTaskInfo(self) -> Runtime:  # noqa: N802 - Java's name
        return self

    def getIndexOfThisSubtask(self) -> int:  # noqa: N802
        return self.subtask

    def getNumberOfParallelSubtasks(self) -> int:  # noqa: N802
        return 2

    def get_state(self, _descriptor: Any) -> State:
        return self.state

    def get_metrics_group(self) -> Runtime:
        return self

    def add_group(self, _label: str, _value: str) -> Runtime:
        return self

    def counter(self, _name: str) -> Runtime:
        return self

    def inc(self, _count: int) -> None:
        pass


class Broadcast(dict[str, bytes]):
    """Broadcast state, or a disk that takes no more."""

    full = False

    def put(self, key: str, value: bytes) -> None:
        if self.full:
            raise DiskFull
        self[key] = value

    def remove(self, key: str) -> None:
        del self[key]

    def contains(self, key: str) -> bool:
        return key in self


class Context:
    """Of one record: its time, a watermark that has not begun, and the broadcast state."""

    def __init__(self, broadcast: Broadcast | None = None) -> None:
        self.broadcast = Broadcast() if broadcast is None else broadcast

    def get_broadcast_state(self, _descriptor: Any) -> Broadcast:
        return self.broadcast

    def timestamp(self) -> int:
        return 1_000

    def timer_service(self) -> Context:
        return self

    def current_watermark(self) -> int:
        return -(2**63)

    def register_event_time_timer(self, _time_ms: int) -> None:
        pass


def card_function(
    state: State, subtask: int = 0, standing: Standing = NOTHING, *, with_windows: bool = False
) -> CardFunction:
    function = CardFunction(
        read_tables(DEFAULT_FILE),
        EngineSettings(),
        Topics.with_prefix(),
        None,
        10,
        1_000,
        standing,
        with_windows=with_windows,
    )
    function.open(Runtime(state, subtask))
    return function


def send(function: CardFunction, swipe_id: str = "s1", context: Context | None = None) -> list[Any]:
    swipe = msgspec.json.encode(example_swipe(swipe_id=swipe_id, event_time_ms=1_000))
    frame = b"S 0 7 %d %s%s" % (len(KEY), KEY.encode(), swipe)
    return list(function.process_element(frame, context or Context()))


def velocity(version: int = 1, offset: int = 9, **parameters: Any) -> bytes:
    """A change of `velocity`, as the source frames it."""
    change = RuleChange(
        change_id=f"c{version}",
        version=version,
        rule="velocity",
        parameters=parameters,
        author="somebody",
        changed_ms=1,
    )
    return frame_rule(3, offset, b"velocity", msgspec.json.encode(change))


def take(function: Any, frame: bytes, context: Context) -> list[dict[str, Any]]:
    """What the function writes of a change, with its topic."""
    results = function.process_broadcast_element(Row(frame), context)
    return [{**msgspec.json.decode(r[2]), "to": r[0]} for r in results]


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
    function = WindowFunction(
        read_tables(DEFAULT_FILE), EngineSettings(), Topics.with_prefix(), NOTHING
    )
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
    assert context.broadcast == {"velocity": velocity(swipes=2)}


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


class TestWhatStoodAtTheSubmission:
    """The topic held, at offsets 0 to 3: one that is past, one that counts, and one refused."""

    PAST = velocity(offset=0, version=1, swipes=9)
    TAKEN_BACK = b"R 3 1 8 velocity"
    COUNTS = velocity(offset=2, version=2, swipes=2)
    REFUSED = velocity(offset=3, version=3, swipes=1)
    TOPIC = Standing((PAST, TAKEN_BACK, COUNTS, REFUSED), {3: 4})

    @pytest.fixture
    def state(self) -> State:
        """Of a card that has swiped once."""
        state = State()
        send(card_function(state), "s1")
        return state

    def test_it_judges_the_first_swipe(self, state: State) -> None:
        function = card_function(state, standing=self.TOPIC)
        assert topics(send(function, "s2")) == ["decisions", "alerts"]

    def test_it_is_only_written_down_when_it_comes_by_itself(self, state: State) -> None:
        function, context = card_function(state, standing=self.TOPIC), Context()
        assert take(function, self.PAST, context) == []
        assert take(function, self.TAKEN_BACK, context) == []
        assert context.broadcast == {}
        (audit,) = take(function, self.COUNTS, context)
        assert audit["rules_version"] == audit["previous_rules_version"]
        (letter,) = take(function, self.REFUSED, context)
        assert letter["reason"] == "rule_change"
        assert context.broadcast == {"velocity": self.COUNTS}
        assert topics(send(function, "s2", context)) == ["decisions", "alerts"]

    def test_after_a_restart_what_came_later_counts(self, state: State) -> None:
        context = Context(Broadcast(velocity=velocity(offset=4, version=4, swipes=9)))
        restarted = card_function(state, standing=self.TOPIC)
        assert topics(send(restarted, "s2", context)) == ["decisions"]

    def test_what_was_taken_back_later_does_not_stand_again(self, state: State) -> None:
        function, context = card_function(state, standing=self.TOPIC), Context()
        take(function, self.COUNTS, context)
        take(function, b"R 3 4 8 velocity", context)
        restarted = card_function(state, standing=self.TOPIC)
        assert topics(send(restarted, "s2", context)) == ["decisions"]

    def test_it_is_newer_than_the_state_of_an_old_savepoint(self, state: State) -> None:
        context = Context(Broadcast(velocity=self.PAST))
        function = card_function(state, standing=self.TOPIC)
        assert topics(send(function, "s2", context)) == ["decisions", "alerts"]


def test_a_bad_change_is_told_once_and_changes_nothing() -> None:
    context, bad = Context(), velocity(version=2, swipes=1)
    function = card_function(State())
    take(function, velocity(swipes=2), context)
    (letter,) = take(function, bad, context)
    assert (letter["to"], letter["reason"]) == ("dead-letters", "rule_change")
    assert (letter["partition"], letter["offset"], letter["key"]) == (3, 9, "velocity")
    assert context.broadcast == {"velocity": velocity(swipes=2)}
    assert take(card_function(State(), subtask=1), bad, Context()) == []
    assert take(window_function(State()), bad, Context()) == []


def test_a_change_without_value_is_taken_back_from_the_state() -> None:
    function, context = card_function(State()), Context()
    take(function, velocity(swipes=2), context)
    (audit,) = take(function, b"R 3 10 8 velocity", context)
    assert audit["change_id"] is None
    assert context.broadcast == {}
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
