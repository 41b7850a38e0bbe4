"""How does the card engine run inside Flink's keyed process function?

Runs in thread mode: in the JVM's task thread, one Python interpreter a TaskManager.
"""

from __future__ import annotations

import time
import traceback
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Final, get_args

from pyflink.common import Row, Types
from pyflink.datastream import KeyedBroadcastProcessFunction, OutputTag, RuntimeContext

from job.contracts import Action, DeadLetterReason, JudgedSwipe, Observation, Topics
from job.engine.card_engine import CardEngine, Source
from job.engine.card_state import CardState, decode_card_state, encode_card_state
from job.engine.intake import Unreadable
from job.engine.judged import encode_judged
from job.engine.settings import EngineSettings
from job.engine.window_engine import encode_observation
from job.flink.card_value import card_value
from job.flink.counters import EngineCounters
from job.flink.rule_changes import RuleChanges, Standing
from job.flink.tables import PROFILE_KIND, REPORT_KIND, SWIPE_KIND, unframe
from job.rules.parameters import rules_from_tables
from job.version import check_code_hash, code_hash

#: What the rules that look across cards need, to be keyed anew.
OBSERVATIONS: Final = OutputTag("observations", Types.ROW([Types.STRING(), Types.STRING()]))
#: What event-time windows need of each judged swipe. Bytes, which cross into Java unchanged.
JUDGED: Final = OutputTag("judged", Types.PRIMITIVE_ARRAY(Types.BYTE()))
#: Counters are written to the JVM after so many records, and with each alert.
METRICS_BATCH: Final = 200
#: What a record of the source ends as; all but the first four are no swipes.
FATES: Final = ("judged", "repeat", "late", "dead_letter", "clock", "profile", "report")
#: Actions that come with an alert, and what is counted where a snooze held one back.
ALERTING: Final[tuple[Action, ...]] = ("review", "block")
SNOOZED: Final = "snoozed"
_NANOS_PER_MS: Final = 1_000_000


class CardFunction(KeyedBroadcastProcessFunction):  # type: ignore[misc]
    """One instance owns its cards: what it decoded, it need not read again.

    Parameters
    ----------
    rule_tables
        Rule parameters by rule, as in the parameter file.
    settings
        The engine's bounds.
    topics
        The run's topics.
    max_ahead_ms
        How far ahead of the wall clock an event time may be; None where the settings hold a
        fixed limit.
    cache_cards
        Decoded cards held in memory.
    state_ttl_ms
        Wall-clock backstop, see :class:`job.flink.options.JobOptions`.
    standing
        Changes of the rules at the submission.
    with_windows
        Whether judged swipes go on to event-time windows.
    """

    def __init__(
        self,
        rule_tables: dict[str, dict[str, Any]],
        settings: EngineSettings,
        topics: Topics,
        max_ahead_ms: int | None,
        cache_cards: int,
        state_ttl_ms: int,
        standing: Standing,
        *,
        with_windows: bool = False,
    ) -> None:
        self._code_hash = code_hash()
        self._rule_tables = rule_tables
        self._settings = settings
        self._topics = topics
        self._topic_of_kind = {
            SWIPE_KIND: topics.swipes,
            PROFILE_KIND: topics.card_profiles,
            REPORT_KIND: topics.fraud_reports,
        }
        self._max_ahead_ms = max_ahead_ms
        self._cache_cards = cache_cards
        self._state_ttl_ms = state_ttl_ms
        self._standing = standing
        self._with_windows = with_windows

    def open(self, runtime_context: RuntimeContext) -> None:
        """Make the engine, the state and the counters."""
        check_code_hash(self._code_hash)
        rules = rules_from_tables(self._rule_tables)
        self._engine = CardEngine(rules, self._settings, self._topics)
        self._state = runtime_context.get_state(card_value(self._state_ttl_ms))
        # Not a dict: taking the oldest out of one walks over all that was taken out before.
        self._cache: OrderedDict[str, CardState] = OrderedDict()
        self._changes = RuleChanges(
            self._rule_tables,
            self._topics,
            self._standing,
            "card",
            self._engine.use,
            runtime_context,
        )
        self._counters = EngineCounters(runtime_context.get_metrics_group())
        for fate in FATES:
            self._counters.follow("fate", fate, "records", 0)
        for reason in get_args(DeadLetterReason):
            self._counters.follow("reason", reason, "dead_letters", 0)
        for rule in self._engine.detector.rules:
            self._counters.follow("rule", rule.name, "alerts", 0)
            self._counters.follow("rule", rule.name, "errors", 0)
        for action in ALERTING:
            self._counters.follow("action", action, "alerts", 0)
        self._report()

    def process_broadcast_element(
        self, value: Row, ctx: KeyedBroadcastProcessFunction.Context
    ) -> Iterable[Any]:
        """Take one framed change of the rules (:func:`job.flink.tables.rules_query`)."""
        return [tuple(output) for output in self._changes.take(value[0], ctx)]

    def process_element(
        self, value: bytes, ctx: KeyedBroadcastProcessFunction.ReadOnlyContext
    ) -> Iterable[Any]:
        """Take one framed record (:func:`job.flink.tables.source_query`, ``reports_query``)."""
        results: list[Any] = []
        if not self._changes.loaded:
            results += map(tuple, self._changes.load(ctx))
        kind, partition, offset, key, payload = unframe(value)
        is_swipe = kind == SWIPE_KIND
        source = Source(self._topic_of_kind[kind], partition, offset)
        observations: list[Observation] = []
        judged: list[JudgedSwipe] | None = [] if self._with_windows else None
        card = self._cache.get(key)
        if card is None:
            card = self._load(key)
        before = card.judged_count
        encoded = None
        # State is read and written outside: where it cannot be, the task must fail and go back to
        # its checkpoint. Taken for a record's fault, it would turn every swipe into a dead letter.
        try:
            if self._max_ahead_ms is not None:
                now_ms = time.time_ns() // _NANOS_PER_MS
                self._engine.event_time_limit_ms = now_ms + self._max_ahead_ms
            if is_swipe:
                outputs = self._engine.process(
                    payload, key, ctx.timestamp(), source, card, observations, judged
                )
                changed = card.judged_count != before
            elif kind == PROFILE_KIND:
                outputs = self._engine.load_profile(payload, key, card, source, observations)
                changed = not outputs
            else:
                outputs = self._engine.load_report(
                    payload, key, ctx.timestamp(), source, card, observations
                )
                changed = False
            if changed:
                encoded = encode_card_state(card)
            to_windows = [(JUDGED, encode_judged(swipe)) for swipe in judged or ()]
        except Exception:  # nothing a record holds may restart the job
            self._cache.pop(key, None)
            observations.clear()
            to_windows = []
            reason = Unreadable("internal_error", traceback.format_exc(limit=-3))
            outputs = [self._engine.dead_letter(payload, key, source, reason)]
        if encoded is not None:
            self._state.update(encoded)
        self._records += 1
        # A clock record comes when no more follow: nothing may be left uncounted then.
        if self._records >= METRICS_BATCH or (is_swipe and len(outputs) != 1):
            self._report()
        results += map(tuple, outputs)
        results += to_windows
        for observation in observations:
            results.append((OBSERVATIONS, Row(*encode_observation(observation))))
        return results

    def _load(self, key: str) -> CardState:
        stored = self._state.value()
        card = CardState() if stored is None else decode_card_state(stored)
        cache = self._cache
        if len(cache) >= self._cache_cards:
            cache.popitem(last=False)
        cache[key] = card
        return card

    def _report(self) -> None:
        """Bring the JVM's counters up to the engine's counts."""
        self._records = 0
        engine, detector, follow = self._engine, self._engine.detector, self._counters.follow
        for fate, count in engine.counts.items():
            follow("fate", fate, "records", count)
        for reason, count in engine.dead_letters_by_reason.items():
            follow("reason", reason, "dead_letters", count)
        for rule, count in detector.alerts_by_rule.items():
            follow("rule", rule, "alerts", count)
        for rule, count in detector.errors_by_rule.items():
            follow("rule", rule, "errors", count)
        for action, count in detector.alerts_by_action.items():
            follow("action", action, "alerts", count)
        follow("action", SNOOZED, "alerts", detector.snoozed_alerts)
