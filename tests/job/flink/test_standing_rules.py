"""Which changes of the rules stand in a task that starts, afresh or from a state?"""

from __future__ import annotations

from typing import Literal, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from job.contracts import Snooze, Topics
from job.engine import rule_set
from job.engine.card_engine import Output
from job.engine.rules_in_force import RulesInForce
from job.flink.rule_changes import RuleChanges, Standing
from job.flink.tables import frame_rule, unframe
from job.rules.parameters import DEFAULT_FILE, read_tables
from tests.job.flink.one_task import (
    Broadcast,
    Context,
    Runtime,
    State,
    card_function,
    send,
    take,
    topics,
    velocity,
)


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
        assert context.kept == {}
        (audit,) = take(function, self.COUNTS, context)
        assert audit["rules_version"] == audit["previous_rules_version"]
        (letter,) = take(function, self.REFUSED, context)
        assert letter["reason"] == "rule_change"
        assert context.kept == {"velocity": self.COUNTS}
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


# What a state holds, and what the topic says since

Part = Literal["card", "window"]
PARTS = get_args(Part)
TABLES = read_tables(DEFAULT_FILE)
AS_IN_THE_FILE = TABLES["velocity"]["swipes"]


class Task:
    """The rules of a task that starts with the topic as it was read whole, and with a state."""

    def __init__(
        self, standing: Standing, broadcast: Broadcast | None = None, part: Part = "card"
    ) -> None:
        self.context = Context(broadcast)
        self.state = self.context.broadcast
        self._changes = RuleChanges(
            TABLES, Topics.with_prefix(), standing, part, self._use, Runtime(State())
        )
        self.told = [self._reason(each) for each in self._changes.load(self.context)]

    def _use(self, rules: RulesInForce) -> None:
        self.in_force = rules

    def take(self, *frames: bytes) -> list[str]:
        """Reasons of what it refuses; what it takes is told without one."""
        outputs = [each for data in frames for each in self._changes.take(data, self.context)]
        return [self._reason(each) for each in outputs]

    @staticmethod
    def _reason(output: Output) -> str:
        return str(msgspec.json.decode(output.value).get("reason", "taken"))

    @property
    def swipes(self) -> int:
        """What `velocity` fires from."""
        (found,) = (each for each in self.in_force.rules if each.name == "velocity")
        return int(found.parameters.swipes)  # type: ignore[attr-defined]

    @property
    def judges_by(self) -> tuple[int, dict[tuple[str, str], int]]:
        return self.swipes, dict(self.in_force.snoozed_until_ms)


def taken_back(offset: int, key: str = "velocity") -> bytes:
    return frame_rule(3, offset, key.encode(), b"")


def snooze(card: str, offset: int, version: int = 1) -> bytes:
    record = Snooze(
        change_id=f"{card}{version}",
        version=version,
        entity_type="card",
        entity_id=card,
        until_ms=10 + version,
        author="somebody",
        changed_ms=1,
    )
    return frame_rule(3, offset, f"snooze|card|{card}".encode(), msgspec.json.encode(record))


@pytest.mark.parametrize("part", PARTS)
class TestTheTopicSinceTheState:
    """The state was written while the job ran; then it was submitted anew."""

    def test_what_was_refused_does_not_judge_once_it_stands_alone(self, part: Part) -> None:
        low = velocity(offset=9, version=3, swipes=3)
        held = Broadcast(velocity=velocity(offset=5, version=7, swipes=7))
        task = Task(Standing((low,), {3: 10}), held, part)
        assert task.swipes == 7
        assert task.take(low) == (["rule_change"] if part == "card" else [])
        assert task.swipes == 7
        # Nor does it after the next restart.
        assert Task(Standing((low,), {3: 10}), task.state, part).swipes == 7

    def test_nor_does_it_once_what_stood_is_taken_back(self, part: Part) -> None:
        low = velocity(offset=9, version=3, swipes=3)
        held = Broadcast(velocity=velocity(offset=5, version=7, swipes=7))
        task = Task(Standing((low,), {3: 10}), held, part)
        task.take(low, taken_back(10))
        assert task.swipes == AS_IN_THE_FILE
        assert Task(Standing((low,), {3: 10}), task.state, part).swipes == AS_IN_THE_FILE

    def test_what_was_taken_back_meanwhile_is_gone_though_nothing_says_so(self, part: Part) -> None:
        held = Broadcast(velocity=velocity(offset=4, version=4, swipes=7))
        task = Task(Standing((), {3: 9}), held, part)
        assert task.swipes == AS_IN_THE_FILE
        task.take(velocity(offset=9, version=6, swipes=9))
        assert task.swipes == 9
        assert Task(Standing((), {3: 9}), task.state, part).swipes == 9

    def test_what_came_behind_the_submission_stays(self, part: Part) -> None:
        held = Broadcast(velocity=velocity(offset=9, version=4, swipes=7))
        assert Task(Standing((), {3: 9}), held, part).swipes == 7

    def test_what_changed_meanwhile_counts(self, part: Part) -> None:
        held = Broadcast(velocity=velocity(offset=4, version=4, swipes=7))
        new = velocity(offset=8, version=5, swipes=8)
        task = Task(Standing((new,), {3: 9}), held, part)
        assert task.swipes == 8
        assert task.take(new) == ["taken"]
        assert Task(Standing((new,), {3: 9}), task.state, part).swipes == 8

    def test_snoozes_above_the_limit_do_not_stand_even_when_there_is_room_again(
        self, part: Part, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rule_set, "SNOOZE_LIMIT", 2)
        topic = Standing((snooze("a", 0), snooze("b", 1), snooze("c", 2)), {3: 3})
        held = Broadcast({unframe(data).key: data for data in topic.records[:2]})
        task = Task(topic, held, part)
        both = {("card", "a"): 11, ("card", "b"): 11}
        assert task.in_force.snoozed_until_ms == both
        task.take(*topic.records, taken_back(3, "snooze|card|a"))
        del both["card", "a"]
        assert task.in_force.snoozed_until_ms == both
        assert Task(topic, task.state, part).in_force.snoozed_until_ms == both


def test_what_no_longer_can_stand_is_not_told_where_the_topic_says_something_newer() -> None:
    held = Broadcast(velocity=velocity(offset=4, version=4, swipes=1))
    assert Task(Standing((), {}), held).told == ["rule_change"]
    new = velocity(offset=8, version=5, swipes=8)
    assert Task(Standing((new,), {3: 9}), held).told == []


def test_a_topic_made_anew_is_read_from_its_beginning() -> None:
    before = Task(Standing((), {}))
    before.take(velocity(offset=40, version=1, swipes=7))
    record = snooze("a", 0)
    task = Task(Standing((record,), {3: 1}), before.state)
    task.take(record)
    assert task.judges_by == (7, {("card", "a"): 11})


# A record of one of three keys: its version, or None where it takes back what stands.
RECORDS = st.lists(
    st.tuples(st.sampled_from(["velocity", "a", "b"]), st.none() | st.integers(1, 4)), max_size=9
)


def on_topic(records: list[tuple[str, int | None]]) -> list[bytes]:
    framed = []
    for offset, (name, version) in enumerate(records):
        key = name if name == "velocity" else f"snooze|card|{name}"
        if version is None:
            framed.append(taken_back(offset, key))
        elif name == "velocity":
            framed.append(velocity(version, offset, swipes=AS_IN_THE_FILE + version))
        else:
            framed.append(snooze(name, offset, version))
    return framed


@given(records=RECORDS, data=st.data())
def test_a_restart_at_any_checkpoint_changes_nothing(
    records: list[tuple[str, int | None]], data: st.DataObject
) -> None:
    """Whatever stands on the topic, and wherever the job was submitted and restarted.

    offset --- [read whole at the submission] --- end --- [published since] --->
               taken by itself ... checkpoint, restart ... taken ...
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rule_set, "SNOOZE_LIMIT", 1)
        frames = on_topic(records)
        end = data.draw(st.integers(0, len(frames)))
        standing = Standing(tuple(frames[:end]), {3: end})
        whole = Task(standing)
        after_each = []
        for frame in frames:
            checkpoint = Broadcast(whole.state)
            after_each.append((checkpoint, whole.judges_by))
            whole.take(frame)
        for number, (checkpoint, judged_by) in enumerate(after_each):
            for part in PARTS:
                restarted = Task(standing, Broadcast(checkpoint), part)
                assert restarted.judges_by == judged_by
                restarted.take(*frames[number:])
                assert restarted.judges_by == whole.judges_by
                assert restarted.state == whole.state


@given(records=RECORDS, data=st.data())
def test_a_job_that_was_down_judges_as_one_that_was_not(
    records: list[tuple[str, int | None]], data: st.DataObject
) -> None:
    """The versions of a key rise, as a ledger makes them, and compaction left only the newest."""
    versions = [
        sum(1 for r in records[: n + 1] if r[0] == name) for n, (name, _) in enumerate(records)
    ]
    rising = [(r[0], r[1] and version) for r, version in zip(records, versions, strict=True)]
    frames = on_topic(rising)
    running = Task(Standing((), {}))
    stopped_at = data.draw(st.integers(0, len(frames)))
    running.take(*frames[:stopped_at])
    state = Broadcast(running.state)
    running.take(*frames[stopped_at:])
    newest = {unframe(frame).key: frame for frame in frames}.values()
    keep_marks = data.draw(st.booleans())
    left = tuple(frame for frame in newest if keep_marks or unframe(frame).value)
    left = tuple(sorted(left, key=lambda frame: unframe(frame).offset))
    down = Task(Standing(left, {3: len(frames)}), state)
    assert down.judges_by == running.judges_by
    down.take(*(frame for frame in left if unframe(frame).offset >= stopped_at))
    assert down.judges_by == running.judges_by
