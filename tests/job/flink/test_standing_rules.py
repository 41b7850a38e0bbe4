"""Which changes of the rules stand in a task that starts, afresh or from a state?"""

from __future__ import annotations

import pytest

from job.flink.rule_changes import Standing
from tests.job.flink.one_task import (
    Broadcast,
    Context,
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
