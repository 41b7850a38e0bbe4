"""What comes out of the rules that look across cards?

Observations are keyed by rule and entity; each key holds its open tumbling windows. A window fires
once, at the card that brings it to the threshold; it is dropped when the watermark passes its end.
Rules on fraud reports have their own counting (:mod:`job.engine.report_windows`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from job.contracts import CONTRACT_VERSION, Alert, Finding, Observation, Topics, WindowDrop
from job.engine.card_engine import Output
from job.engine.detector import action_for, noisy_or
from job.engine.report_windows import (
    FirstReport,
    count_reported,
    count_seen,
    first_proof,
    forget_seen,
    seen_until_ms,
)
from job.engine.rules_in_force import RulesInForce
from job.engine.settings import EngineSettings
from job.rules.base import ReportRule, Rule, Saw, WindowedRule

_encode = msgspec.json.Encoder().encode
ENTITY_STATE_VERSION: Final = 2
#: Versions that this job reads. State of version 1 has no reports and no cards seen: those fields
#: stand at the end and are empty then.
READ_VERSIONS: Final = frozenset({1, 2})
#: Swipes listed in an alert as what it rests on; the count says how many there were.
EVIDENCE_LIMIT = 50


class OpenWindow(msgspec.Struct, array_like=True):
    """One window of one entity; emptied once it fired.

    Holds distinct cards with their first swipe, or with their first report.
    """

    start_ms: int
    end_ms: int
    fired: bool = False
    first_swipe_by_card: dict[str, str] = {}
    first_report_by_card: dict[str, FirstReport] = {}


class EntityState(msgspec.Struct, array_like=True):
    """All open windows of one rule and entity, and for rules on reports the cards seen, by day."""

    version: int = ENTITY_STATE_VERSION
    windows: list[OpenWindow] = []
    seen_by_day: dict[int, int] = {}

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing left to remember."""
        return not (self.windows or self.seen_by_day)


class WindowEngine:
    """Everything that is keyed by rule and entity.

    Attributes
    ----------
    counts
        ``observed``, ``dropped``, ``alert``, ``shadow_alert`` (of rules that only watch),
        ``snoozed_alert`` and ``unasked`` (of rules that were paused meanwhile) since the engine was
        made.
    """

    def __init__(self, rules: Sequence[Rule], settings: EngineSettings, topics: Topics) -> None:
        self.settings = settings
        self.topics = topics
        self.counts: Counter[str] = Counter()
        self.use(RulesInForce.of(rules))

    def use(self, in_force: RulesInForce) -> None:
        """Judge with other rules from the next observation on.

        Open windows stay. One that already holds enough cards for a lowered threshold fires at
        its next observation; one that has fired stays so.
        """
        rules = {rule.name: rule for rule in in_force.rules if isinstance(rule, WindowedRule)}
        self.rules, self._in_force = rules, in_force

    def window_end_ms(self, observation: Observation) -> int:
        """End (exclusive) of the window that an observation belongs to."""
        window_ms = self.rules[observation.rule].window_ms
        return observation.event_time_ms - observation.event_time_ms % window_ms + window_ms

    def useful_until_ms(self, observation: Observation) -> int:
        """Event time from which on nothing that an observation left is needed."""
        if isinstance(self.rules[observation.rule], ReportRule) and not observation.reported:
            return seen_until_ms(observation)
        return self.window_end_ms(observation)

    def process(
        self, observation: Observation, watermark_ms: int, entity: EntityState
    ) -> list[Output]:
        """Count one observation.

        Parameters
        ----------
        observation
            Of a judged swipe.
        watermark_ms
            The watermark at this moment; a window whose last millisecond it has reached is closed
            (Flink: ``watermark >= window end - 1``).
        entity
            The state of its rule and entity; changed.
        """
        rule = self.rules.get(observation.rule)
        if rule is None:  # paused since it was observed
            self.counts["unasked"] += 1
            return []
        if isinstance(rule, ReportRule) and not observation.reported:
            self.counts["observed"] += 1
            count_seen(entity.seen_by_day, observation)
            return []
        end_ms = self.window_end_ms(observation)
        if watermark_ms >= end_ms - 1:
            self.counts["dropped"] += 1
            return [self._drop(observation, rule, end_ms, watermark_ms)]
        self.counts["observed"] += 1
        window = _window(entity, end_ms - rule.window_ms, end_ms)
        if window.fired:
            return []
        if isinstance(rule, ReportRule):
            alert = self._of_reports(observation, rule, window, entity)
        else:
            alert = self._of_swipes(observation, rule, window)
        if alert is None:
            return []
        window.fired = True
        window.first_swipe_by_card, window.first_report_by_card = {}, {}
        if rule.parameters.shadow:
            self.counts["shadow_alert"] += 1
            return []
        if alert.action == "clear":
            return []
        if self._snoozed(rule, observation):
            self.counts["snoozed_alert"] += 1
            return []
        self.counts["alert"] += 1
        return [Output(self.topics.alerts, alert.entity_id, _encode(alert))]

    def _of_swipes(
        self, observation: Observation, rule: WindowedRule, window: OpenWindow
    ) -> Alert | None:
        """Count the card; the alert if it brought the window to the threshold."""
        cards = window.first_swipe_by_card
        cards.setdefault(observation.card_token, observation.swipe_id)
        if len(cards) < rule.threshold:
            return None
        saw = {"window_ms": rule.window_ms, "cards": len(cards)}
        return self._alert(
            observation, rule, window, _finding(rule, float(len(cards)), saw, list(cards.values()))
        )

    def _of_reports(
        self, observation: Observation, rule: ReportRule, window: OpenWindow, entity: EntityState
    ) -> Alert | None:
        """Take the report; the alert if the window's reports now prove something."""
        count_reported(window.first_report_by_card, observation)
        proof = first_proof(rule, window.first_report_by_card, entity.seen_by_day)
        if proof is None:
            return None
        last = msgspec.structs.replace(
            observation,
            card_token=proof.card_token,
            swipe_id=proof.swipe_ids[-1],
            event_time_ms=proof.at_ms,
        )
        saw = rule.explain(len(proof.swipe_ids), proof.at_ms, entity.seen_by_day)
        return self._alert(last, rule, window, _finding(rule, proof.value, saw, proof.swipe_ids))

    def _snoozed(self, rule: WindowedRule, observation: Observation) -> bool:
        """Whether somebody whom an alert would name is snoozed; the window has fired for good."""
        return any(
            self._in_force.snoozes_entity(entity_type, entity_id, observation.event_time_ms)
            for entity_type, entity_id in rule.snoozed_by(observation)
        )

    def close(self, watermark_ms: int, entity: EntityState) -> None:
        """Forget the windows that the watermark has closed."""
        entity.windows = [w for w in entity.windows if watermark_ms < w.end_ms - 1]
        forget_seen(entity.seen_by_day, watermark_ms)

    def _drop(
        self, observation: Observation, rule: WindowedRule, end_ms: int, watermark_ms: int
    ) -> Output:
        drop = WindowDrop(
            v=CONTRACT_VERSION,
            window="rule",
            rule=rule.name,
            entity_id=observation.entity_id,
            swipe_id=observation.swipe_id,
            event_time_ms=observation.event_time_ms,
            window_start_ms=end_ms - rule.window_ms,
            window_end_ms=end_ms,
            lateness_ms=watermark_ms - (end_ms - 1),
        )
        return Output(self.topics.window_drops, observation.entity_id, _encode(drop))

    def _alert(
        self, observation: Observation, rule: WindowedRule, window: OpenWindow, finding: Finding
    ) -> Alert:
        score = noisy_or([rule.parameters.weight])
        return Alert(
            v=CONTRACT_VERSION,
            alert_id=f"{rule.name}:{observation.entity_id}:{window.start_ms}",
            entity_type=rule.entity_type,
            entity_id=observation.entity_id,
            swipe_id=observation.swipe_id,
            event_time_ms=observation.event_time_ms,
            score=score,
            action=action_for(score, self.settings),
            findings=[finding],
            window_start_ms=window.start_ms,
            window_end_ms=window.end_ms,
            rules_version=self._in_force.version,
        )


def _finding(rule: WindowedRule, value: float, saw: Saw, swipe_ids: list[str]) -> Finding:
    return Finding(
        rule=rule.name,
        reason_code=rule.reason_code,
        value=value,
        threshold=rule.threshold,
        unit=rule.unit,
        saw=dict(saw),
        swipe_ids=swipe_ids[:EVIDENCE_LIMIT],
    )


def _window(entity: EntityState, start_ms: int, end_ms: int) -> OpenWindow:
    for window in entity.windows:
        if window.start_ms == start_ms:
            return window
    window = OpenWindow(start_ms, end_ms)
    entity.windows.append(window)
    return window


_observation_encoder = msgspec.json.Encoder()
_observation_decoder = msgspec.json.Decoder(Observation)
_state_encoder = msgspec.msgpack.Encoder()
_state_decoder = msgspec.msgpack.Decoder(EntityState)


def encode_observation(observation: Observation) -> tuple[str, str]:
    """Key and content, as they travel inside the job."""
    key = f"{observation.rule}|{observation.entity_id}"
    return key, _observation_encoder.encode(observation).decode()


def decode_observation(content: str) -> Observation:
    """The observation as it was encoded."""
    return _observation_decoder.decode(content)


def encode_entity_state(state: EntityState) -> bytes:
    """The state as it is stored."""
    return _state_encoder.encode(state)


def decode_entity_state(data: bytes | None) -> EntityState:
    """The state as it was stored; a new one where there is none.

    Raises
    ------
    msgspec.ValidationError
        If the bytes are no entity state of a version this job knows.
    """
    if data is None:
        return EntityState()
    state = _state_decoder.decode(data)
    if state.version not in READ_VERSIONS:
        raise msgspec.ValidationError(
            f"entity state has version {state.version}, this job reads up to {ENTITY_STATE_VERSION}"
        )
    state.version = ENTITY_STATE_VERSION
    return state
