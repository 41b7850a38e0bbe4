"""What does one task of the job see of Flink, and what does it answer?"""

from __future__ import annotations

from typing import Any

import msgspec
from pyflink.common import Row

from job.contracts import RuleChange, Topics
from job.engine.settings import EngineSettings
from job.flink.card_function import CardFunction
from job.flink.rule_changes import Standing
from job.flink.tables import frame_rule
from job.flink.window_function import WindowFunction
from job.rules.example import example_swipe
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

    @property
    def kept(self) -> dict[str, bytes]:
        """The records in broadcast state, without how far the topic was taken."""
        return {k: v for k, v in self.broadcast.items() if not k.startswith("taken|")}

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


def window_function(state: State) -> WindowFunction:
    function = WindowFunction(
        read_tables(DEFAULT_FILE), EngineSettings(), Topics.with_prefix(), NOTHING
    )
    function.open(Runtime(state))
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
