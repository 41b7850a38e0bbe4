"""A shadow rule is evaluated and reported, and never acted on."""

from __future__ import annotations

import msgspec
import pytest

from job.contracts import Decision, Topics
from job.engine.card_engine import CardEngine, Source
from job.engine.card_state import CardState
from job.engine.settings import EngineSettings
from job.engine.window_engine import EntityState, WindowEngine
from job.rules.example import example_swipe
from job.rules.parameters import ParametersError, rules_from_tables

KEY = "example-card"
BURST = {"velocity": {"swipes": 2, "weight": 0.9}}


def burst(tables: dict[str, dict[str, object]]) -> tuple[list[Decision], int]:
    """Two swipes within a second: the decisions, and the number of alerts."""
    engine = CardEngine(rules_from_tables(tables), EngineSettings(), Topics.with_prefix())
    card, decisions, alerts = CardState(), [], 0
    for offset in range(2):
        swipe = example_swipe(swipe_id=f"s{offset}", event_time_ms=1_000 * offset)
        source = Source("swipes", 0, offset)
        outputs = engine.process(
            msgspec.json.encode(swipe), KEY, swipe.event_time_ms, source, card, []
        )
        for output in outputs:
            if output.topic == "decisions":
                decisions.append(msgspec.json.decode(output.value, type=Decision))
            alerts += output.topic == "alerts"
    return decisions, alerts


def test_a_rule_that_acts_flags() -> None:
    decisions, alerts = burst(BURST)
    assert decisions[1].rules == ["velocity"]
    assert decisions[1].action == "block"
    assert decisions[1].shadow_rules == []
    assert alerts == 1


def test_the_same_rule_in_shadow_is_named_and_changes_nothing() -> None:
    decisions, alerts = burst({"velocity": {**BURST["velocity"], "shadow": True}})
    assert decisions[1].shadow_rules == ["velocity"]
    assert decisions[1].rules == []
    assert (decisions[1].score, decisions[1].action) == (0.0, "clear")
    assert alerts == 0


def test_a_shadow_rule_adds_nothing_to_one_that_acts() -> None:
    acting = {**BURST, "rapid_escalation": {"enabled": False}}
    alone, _ = burst(acting)
    with_shadow, _ = burst({**acting, "amount_outlier": {"shadow": True, "z": 0.1}})
    assert with_shadow[1].score == alone[1].score


@pytest.mark.parametrize(("shadow", "alerts"), [(False, 1), (True, 0)])
def test_a_shadow_rule_across_cards_is_counted_and_raises_no_alert(
    shadow: bool, alerts: int
) -> None:
    rules = rules_from_tables({"bin_attack": {"cards": 2, "shadow": shadow}})
    engine = WindowEngine(rules, EngineSettings(), Topics.with_prefix())
    rule, entity, written = engine.rules["bin_attack"], EntityState(), []
    for card in ("a", "b"):
        swipe = example_swipe(swipe_id=card, entry_mode="ecommerce", response_code="14")
        observation = rule.observe(msgspec.structs.replace(swipe, card_token=card))
        assert observation is not None
        written += engine.process(observation, -1, entity)
    assert len(written) == alerts
    assert engine.counts["shadow_alert"] == int(shadow)


def test_shadow_is_yes_or_no() -> None:
    with pytest.raises(ParametersError, match=r"velocity\.shadow"):
        rules_from_tables({"velocity": {"shadow": "yes"}})
