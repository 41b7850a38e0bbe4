"""What is decided on one swipe, given what is known of its card?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from job.contracts import CONTRACT_VERSION, Action, Alert, Decision, Finding, Swipe
from job.engine.card_state import CardState
from job.engine.rules_in_force import RulesInForce
from job.engine.settings import EngineSettings
from job.rules.base import CardRule, Rule

#: Digits kept of a score, so that it reads well and compares exactly.
SCORE_DIGITS: Final = 4


class Judgement(msgspec.Struct, frozen=True, gc=False):
    """What the rules say of one swipe. ``values`` stand in the order of the detector's rules.

    ``fired`` act; ``shadow`` are those that fired and only watch.
    """

    values: list[float]
    fired: list[CardRule]
    rule_errors: list[str]
    score: float
    action: Action
    shadow: list[CardRule] = []


class Detector:
    """All rules that look at one card.

    Parameters
    ----------
    rules
        The enabled rules; those that look across cards are not for this class and are left out.
    settings
        The engine's bounds.

    Attributes
    ----------
    alerts_by_rule, errors_by_rule, alerts_by_action, snoozed_alerts
        Counts since the detector was made, for metrics.
    """

    def __init__(self, rules: Sequence[Rule], settings: EngineSettings) -> None:
        self.settings = settings
        self.alerts_by_rule: Counter[str] = Counter()
        self.errors_by_rule: Counter[str] = Counter()
        self.alerts_by_action: Counter[str] = Counter()
        self.snoozed_alerts = 0
        self.use(RulesInForce.of(rules))

    def use(self, in_force: RulesInForce) -> None:
        """Judge with other rules from the next swipe on; the counts go on.

        All is made before any of it is taken over: a rule that raises here leaves the old ones.
        """
        rules = [rule for rule in in_force.rules if isinstance(rule, CardRule)]
        measures = [(rule, rule.measure, rule.threshold) for rule in rules]
        self.rules, self._measures, self._in_force = rules, measures, in_force
        #: Event time that a card's history must cover: a judged swipe may itself be `lateness_ms`
        #: behind the newest, and looks back from there. A repeat needs the same span.
        self.retention_ms = in_force.lookback_ms + self.settings.lateness_ms

    def judge(self, swipe: Swipe, card: CardState) -> Judgement:
        """Measure every rule against the card's state before this swipe; changes nothing.

        A rule that raises is counted and named; the others still judge.
        """
        values: list[float] = []
        fired: list[CardRule] = []
        errors: list[str] = []
        for rule, measure, threshold in self._measures:
            try:
                value = measure(swipe, card)
            except Exception:  # one broken rule must not silence the others
                self.errors_by_rule[rule.name] += 1
                errors.append(rule.name)
                value = 0.0
            values.append(value)
            if value >= threshold:
                fired.append(rule)
        if not fired:
            return Judgement(values, fired, errors, 0.0, "clear")
        shadow = [rule for rule in fired if rule.parameters.shadow]
        if shadow:
            fired = [rule for rule in fired if not rule.parameters.shadow]
        score = noisy_or([rule.parameters.weight for rule in fired])
        action = action_for(score, self.settings)
        return Judgement(values, fired, errors, score, action, shadow)

    def decide(
        self, swipe: Swipe, card: CardState, digest: int, partition: int, offset: int
    ) -> tuple[Decision, Alert | None]:
        """Judge a swipe and remember it.

        There is an alert where the action is not ``clear``. A rule whose weight alone stays below
        the review score is named in the decision, and flags only together with others. Where card
        or merchant is snoozed the score stays, the action is ``clear``, and there is no alert.

        Parameters
        ----------
        swipe
            A swipe whose fate is ``judged``.
        card
            The card's state before this swipe; holds it afterwards.
        digest
            CRC-32 of the swipe's bytes as they came.
        partition, offset
            Where the swipe stood on its topic.
        """
        judgement = self.judge(swipe, card)
        errors = list(judgement.rule_errors)
        action, alert, snoozed = judgement.action, None, False
        if action != "clear":
            snoozed = self._in_force.snoozes(swipe)
            if snoozed:
                action = "clear"
                self.snoozed_alerts += 1
            else:
                alert = self._alert(swipe, card, judgement, errors)
                self.alerts_by_action[action] += 1
        card.remember(swipe, digest, self.retention_ms)
        decision = Decision(
            v=CONTRACT_VERSION,
            swipe_id=swipe.swipe_id,
            card_token=swipe.card_token,
            event_time_ms=swipe.event_time_ms,
            fate="judged",
            score=judgement.score,
            action=action,
            partition=partition,
            offset=offset,
            rules=[rule.name for rule in judgement.fired],
            rule_errors=errors,
            shadow_rules=[rule.name for rule in judgement.shadow],
            snoozed=snoozed,
            rules_version=self._in_force.version,
            # Out of the state, not counted beside it: only so does a lost update show.
            card_count=card.judged_count,
        )
        return decision, alert

    def _alert(
        self, swipe: Swipe, card: CardState, judgement: Judgement, errors: list[str]
    ) -> Alert:
        values = dict(zip((rule.name for rule in self.rules), judgement.values, strict=True))
        return Alert(
            v=CONTRACT_VERSION,
            alert_id=f"card:{swipe.swipe_id}",
            entity_type="card",
            entity_id=swipe.card_token,
            swipe_id=swipe.swipe_id,
            event_time_ms=swipe.event_time_ms,
            score=judgement.score,
            action=judgement.action,
            findings=[
                self._finding(rule, swipe, card, values[rule.name], errors)
                for rule in judgement.fired
            ],
            rules_version=self._in_force.version,
        )

    def _finding(
        self, rule: CardRule, swipe: Swipe, card: CardState, value: float, errors: list[str]
    ) -> Finding:
        self.alerts_by_rule[rule.name] += 1
        saw: dict[str, str | int | float | None]
        try:
            evidence = rule.explain(swipe, card)
            saw, swipe_ids = dict(evidence.saw), list(evidence.swipe_ids)
        except Exception as error:  # the alert stands, its explanation failed
            self.errors_by_rule[rule.name] += 1
            errors.append(rule.name)
            saw, swipe_ids = {"explanation_failed": f"{type(error).__name__}: {error}"[:200]}, []
        return Finding(
            rule=rule.name,
            reason_code=rule.reason_code,
            value=value,
            threshold=rule.threshold,
            unit=rule.unit,
            saw=saw,
            swipe_ids=swipe_ids,
        )


def noisy_or(weights: Sequence[float]) -> float:
    """Combine independent evidence: 1 - product of (1 - weight); Pearl (1988), section 4.3.

    Examples
    --------
    >>> noisy_or([0.5, 0.5])
    0.75
    """
    innocent = 1.0
    for weight in weights:
        innocent *= 1.0 - weight
    return round(1.0 - innocent, SCORE_DIGITS)


def action_for(score: float, settings: EngineSettings) -> Action:
    """The action that a score asks for."""
    if score >= settings.block_score:
        return "block"
    return "review" if score >= settings.review_score else "clear"
