"""How does the window engine run inside Flink's keyed broadcast process function?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyflink.common import Row, Types
from pyflink.datastream import KeyedBroadcastProcessFunction, RuntimeContext
from pyflink.datastream.state import ValueStateDescriptor

from job.contracts import Topics
from job.engine.settings import EngineSettings
from job.engine.window_engine import (
    WindowEngine,
    decode_entity_state,
    decode_observation,
    encode_entity_state,
)
from job.flink.rule_changes import RuleChanges, Standing
from job.rules.parameters import rules_from_tables


class WindowFunction(KeyedBroadcastProcessFunction):  # type: ignore[misc]
    """Keyed by rule and entity; event-time timers close the windows.

    Parameters
    ----------
    rule_tables, settings, topics, standing
        As for :class:`job.flink.card_function.CardFunction`.
    """

    def __init__(
        self,
        rule_tables: dict[str, dict[str, Any]],
        settings: EngineSettings,
        topics: Topics,
        standing: Standing,
    ) -> None:
        self._rule_tables = rule_tables
        self._settings = settings
        self._topics = topics
        self._standing = standing

    def open(self, runtime_context: RuntimeContext) -> None:
        """Make the engine, the state and the counters."""
        rules = rules_from_tables(self._rule_tables)
        self._engine = WindowEngine(rules, self._settings, self._topics)
        descriptor = ValueStateDescriptor("entity", Types.PICKLED_BYTE_ARRAY())
        self._state = runtime_context.get_state(descriptor)
        self._changes = RuleChanges(
            self._rule_tables,
            self._topics,
            self._standing,
            "window",
            self._engine.use,
            runtime_context,
        )
        metrics = runtime_context.get_metrics_group()
        self._counters = {
            name: metrics.counter(f"windows_{name}")
            for name in (
                "observed",
                "dropped",
                "alert",
                "shadow_alert",
                "snoozed_alert",
                "unasked",
            )
        }
        self._reported = dict.fromkeys(self._counters, 0)

    def process_broadcast_element(
        self, value: Row, ctx: KeyedBroadcastProcessFunction.Context
    ) -> Iterable[Any]:
        """Take one framed change of the rules."""
        return [tuple(output) for output in self._changes.take(value[0], ctx)]

    def process_element(
        self, value: str, ctx: KeyedBroadcastProcessFunction.ReadOnlyContext
    ) -> Iterable[Any]:
        """Count one observation; the window's end is a timer."""
        told = () if self._changes.loaded else self._changes.load(ctx)
        observation = decode_observation(value)
        timers = ctx.timer_service()
        stored = self._state.value()
        entity = decode_entity_state(stored)
        outputs = self._engine.process(observation, timers.current_watermark(), entity)
        if not entity.is_empty and observation.rule in self._engine.rules:
            self._state.update(encode_entity_state(entity))
            timers.register_event_time_timer(self._engine.useful_until_ms(observation) - 1)
        self._report()
        return [tuple(output) for output in (*told, *outputs)]

    def on_timer(
        self,
        timestamp: int,
        ctx: KeyedBroadcastProcessFunction.OnTimerContext,  # noqa: ARG002
    ) -> Iterable[Any]:
        """Forget the windows that the watermark has closed."""
        stored = self._state.value()
        if stored is None:
            return ()
        entity = decode_entity_state(stored)
        self._engine.close(timestamp, entity)
        if not entity.is_empty:
            self._state.update(encode_entity_state(entity))
        else:
            self._state.clear()
        return ()

    def _report(self) -> None:
        for name, counter in self._counters.items():
            delta = self._engine.counts[name] - self._reported[name]
            if delta:
                counter.inc(delta)
                self._reported[name] += delta
