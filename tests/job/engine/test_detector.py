"""Is a decision made of what the rules say, whatever one of them does?"""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from job.contracts import Swipe
from job.engine.card_state import CardState
from job.engine.detector import Detector, action_for, noisy_or
from job.engine.settings import EngineSettings
from job.rules.base import CardRule, Evidence, RuleParameters
from job.rules.example import example_card, example_swipe
from job.rules.parameters import load_rules


class Weighted(RuleParameters, frozen=True, kw_only=True):
    weight: float = 0.6


class Always(CardRule):
    """A rule that always fires."""

    name: ClassVar[str] = "always"
    reason_code: ClassVar[str] = "ALWAYS"
    unit: ClassVar[str] = "times"
    Parameters = Weighted

    @property
    def threshold(self) -> float:
        return 1.0

    @property
    def lookback_ms(self) -> int:
        return 500

    def measure(self, swipe: Swipe, card: CardState) -> float:
        return 1.0

    def explain(self, swipe: Swipe, card: CardState) -> Evidence:
        return Evidence({"history": len(card.history)})


class Broken(Always):
    name: ClassVar[str] = "broken"

    def measure(self, swipe: Swipe, card: CardState) -> float:
        raise ZeroDivisionError("a mistake in the rule")


class Mute(Always):
    name: ClassVar[str] = "mute"

    def explain(self, swipe: Swipe, card: CardState) -> Evidence:
        raise KeyError("no reason")


def decide(*rules: CardRule) -> Any:
    detector = Detector(rules, EngineSettings())
    return detector, *detector.decide(example_swipe(), CardState(), 0, 0, 7)


def test_a_rule_that_raises_is_counted_and_the_others_still_judge() -> None:
    detector, decision, alert = decide(Broken(), Always())
    assert decision.rules == ["always"]
    assert decision.rule_errors == ["broken"]
    assert detector.errors_by_rule == {"broken": 1}
    assert [finding.rule for finding in alert.findings] == ["always"]


def test_an_explanation_that_raises_leaves_the_alert() -> None:
    detector, _, alert = decide(Mute())
    assert alert.findings[0].saw == {"explanation_failed": "KeyError: 'no reason'"}
    assert detector.errors_by_rule == {"mute": 1}


def test_an_alert_explains_the_state_before_the_swipe() -> None:
    _, _, alert = decide(Always())
    assert alert.findings[0].saw == {"history": 0}


def test_an_alerts_id_is_a_function_of_its_cause() -> None:
    _, _, alert = decide(Always())
    assert alert.alert_id == "card:example"


def test_a_rule_below_the_review_score_is_named_and_flags_nothing() -> None:
    _, decision, alert = decide(Always(Weighted(weight=0.4)))
    assert (decision.rules, decision.action, alert) == (["always"], "clear", None)


def test_two_weak_rules_together_flag() -> None:
    _, decision, alert = decide(Always(Weighted(weight=0.4)), Mute(Weighted(weight=0.4)))
    assert (decision.score, decision.action) == (0.64, "review")
    assert alert is not None


def test_a_swipe_without_findings_is_clear() -> None:
    _, decision, alert = decide(Broken())
    assert (decision.score, decision.action, alert) == (0.0, "clear", None)


@pytest.mark.parametrize(
    ("score", "action"),
    [(0.4999, "clear"), (0.5, "review"), (0.8499, "review"), (0.85, "block"), (1.0, "block")],
)
def test_scores_ask_for_actions(score: float, action: str) -> None:
    assert action_for(score, EngineSettings()) == action


def test_certain_evidence_is_certain() -> None:
    assert noisy_or([1.0, 0.2]) == 1.0
    assert noisy_or([]) == 0.0


def test_the_retention_covers_the_longest_lookback_from_the_latest_swipe_on_time() -> None:
    assert Detector([Always()], EngineSettings(lateness_ms=30)).retention_ms == 530
    assert Detector([], EngineSettings(lateness_ms=30)).retention_ms == 30
    rules = [rule for rule in load_rules() if isinstance(rule, CardRule)]
    longest_ms = max(rule.lookback_ms for rule in rules)
    assert Detector(rules, EngineSettings()).retention_ms == longest_ms + 30_000


def test_judging_changes_nothing() -> None:
    card = example_card(example_swipe(swipe_id="past"))
    Detector(load_rules(), EngineSettings()).judge(example_swipe(), card)
    assert card == example_card(example_swipe(swipe_id="past"))
