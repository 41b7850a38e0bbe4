"""What comes out of the rules that look across cards?

Observations are keyed by rule and entity; each key holds its open tumbling windows. A window fires
once, at the card that brings it to the threshold; it is dropped when the watermark passes its end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from job.contracts import CONTRACT_VERSION, Alert, Finding, Observation, Topics, WindowDrop
from job.engine.card_engine import Output
from job.engine.detector import action_for, noisy_or
from job.engine.rules_in_force import RulesInForce
from job.engine.settings import EngineSettings
from job.rules.base import CrossCardRule, Rule

_encode = msgspec.json.Encoder().encode
ENTITY_STATE_VERSION: Final = 1
#: Swipes listed in an alert as what it rests on; the count says how many there were.
EVIDENCE_LIMIT = 50


class OpenWindow(msgspec.Struct, array_like=True):
    """One window of one entity: distinct cards with their first swipe; emptied once it fired."""

    start_ms: int
    end_ms: int
    fired: bool = False
    first_swipe_by_card: dict[str, str] = {}


class EntityState(msgspec.Struct, array_like=True):
    """All open windows of one rule and entity."""

    version: int = ENTITY_STATE_VERSION
    windows: list[OpenWindow] = []


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
        rules = {rule.name: rule for rule in in_force.rules if isinstance(rule, CrossCardRule)}
        self.rules, self._in_force = rules, in_force

    def window_end_ms(self, observation: Observation) -> int:
        """End (exclusive) of the window that an observation belongs to."""
        window_ms = self.rules[observation.rule].window_ms
        return observation.event_time_ms - observation.event_time_ms % window_ms + window_ms

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
        end_ms = self.window_end_ms(observation)
        if watermark_ms >= end_ms - 1:
            self.counts["dropped"] += 1
            return [self._drop(observation, rule, end_ms, watermark_ms)]
        self.counts["observed"] += 1
        window = _window(entity, end_ms - rule.window_ms, end_ms)
        if window.fired:
            return []
        window.first_swipe_by_card.setdefault(observation.card_token, observation.swipe_id)
        if len(window.first_swipe_by_card) < rule.threshold:
            return []
        alert = self._alert(observation, rule, window, end_ms)
        window.fired = True
        window.first_swipe_by_card = {}
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

    def _snoozed(self, rule: CrossCardRule, observation: Observation) -> bool:
        """Whether somebody whom an alert would name is snoozed; the window has fired for good."""
        return any(
            self._in_force.snoozes_entity(entity_type, entity_id, observation.event_time_ms)
            for entity_type, entity_id in rule.snoozed_by(observation)
        )

    def close(self, watermark_ms: int, entity: EntityState) -> None:
        """Forget the windows that the watermark has closed."""
        entity.windows = [w for w in entity.windows if watermark_ms < w.end_ms - 1]

    def _drop(
        self, observation: Observation, rule: CrossCardRule, end_ms: int, watermark_ms: int
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
        self, observation: Observation, rule: CrossCardRule, window: OpenWindow, end_ms: int
    ) -> Alert:
        score = noisy_or([rule.parameters.weight])
        cards = window.first_swipe_by_card
        return Alert(
            v=CONTRACT_VERSION,
            alert_id=f"{rule.name}:{observation.entity_id}:{window.start_ms}",
            entity_type=rule.entity_type,
            entity_id=observation.entity_id,
            swipe_id=observation.swipe_id,
            event_time_ms=observation.event_time_ms,
            score=score,
            action=action_for(score, self.settings),
            findings=[
                Finding(
                    rule=rule.name,
                    reason_code=rule.reason_code,
                    value=float(len(cards)),
                    threshold=rule.threshold,
                    unit=rule.unit,
                    saw={"window_ms": rule.window_ms, "cards": len(cards)},
                    swipe_ids=list(cards.values())[:EVIDENCE_LIMIT],
                )
            ],
            window_start_ms=window.start_ms,
            window_end_ms=end_ms,
            rules_version=self._in_force.version,
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
    if state.version != ENTITY_STATE_VERSION:
        raise msgspec.ValidationError(
            f"entity state has version {state.version}, this job reads {ENTITY_STATE_VERSION}"
        )
    return state
