"""A rule that raises is named and counted; the others still judge, and nothing is lost."""

from __future__ import annotations

import msgspec
import pytest

from job.contracts import Decision, Swipe, Topics
from job.engine.card_engine import CardEngine, Output, Source
from job.engine.card_state import CardState
from job.engine.settings import EngineSettings
from job.rules.bin_attack import BinAttack
from job.rules.velocity import Velocity, VelocityParameters

PLACE = Source("swipes", 0, 7)


class RuleError(Exception):
    pass


def swipe() -> Swipe:
    return Swipe(
        swipe_id="s1",
        card_token="c1",
        bin="40000000",
        event_time_ms=1_000,
        amount_minor=100,
        currency="EUR",
        mcc="5411",
        merchant_id="m1",
        terminal_id="t1",
        country="DE",
        entry_mode="ecommerce",
        response_code="00",
    )


def judge(*rules: object) -> tuple[CardEngine, list[Output]]:
    engine = CardEngine(rules, EngineSettings(), Topics.with_prefix())  # type: ignore[arg-type]
    value = msgspec.json.encode(swipe())
    return engine, engine.process(value, "c1", 1_000, PLACE, CardState(), [])


def test_a_rule_across_cards_that_raises_is_named_in_the_decision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_self: BinAttack, _swipe: Swipe) -> None:
        raise RuleError

    monkeypatch.setattr(BinAttack, "observe", broken)
    engine, (output,) = judge(BinAttack(), Velocity())
    assert msgspec.json.decode(output.value, type=Decision).rule_errors == ["bin_attack"]
    assert engine.detector.errors_by_rule == {"bin_attack": 1}


def test_an_explanation_that_raises_keeps_the_alert_and_is_named_in_the_decision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_self: Velocity, _swipe: Swipe, _card: CardState) -> None:
        raise RuleError

    monkeypatch.setattr(Velocity, "explain", broken)
    monkeypatch.setattr(Velocity, "threshold", 1.0)
    _, outputs = judge(Velocity(VelocityParameters(weight=0.9)))
    decision, alert = outputs
    assert alert.topic == "alerts"
    assert msgspec.json.decode(decision.value, type=Decision).rule_errors == ["velocity"]
