"""What holds for every rule, found by discovery: a new one is tested the moment it exists."""

from __future__ import annotations

import inspect
import math
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from job.contracts import CardProfile, Swipe
from job.docstrings import page, parameter_texts
from job.engine.card_state import CardState, PastSwipe, encode_card_state
from job.rules.base import CardRule, CrossCardRule, Rule, RuleParameters
from job.rules.discovery import card_rule_classes, cross_card_rule_classes, rule_classes
from job.rules.pages import SECTIONS

RULES = list(rule_classes().values())
CARD_RULES = list(card_rule_classes().values())
WINDOW_RULES = list(cross_card_rule_classes().values())
#: A parameter's unit stands at the end of its name, or its text opens with what it counts.
UNIT_IN_NAME = re.compile(r"_(ms|minor|km|kmh)$")
UNIT_IN_TEXT = re.compile(
    r"^(Number of|Whether|Probability|The probability|Response codes|Standard deviations)"
    r"|\ba ratio\b|\bln units\b"
)


def named(rules: list[Any]) -> Any:
    return pytest.mark.parametrize("rule_class", rules, ids=[rule.name for rule in rules])


# Pages and parameters


@named(RULES)
def test_name_is_the_modules_name(rule_class: type[Rule]) -> None:
    assert rule_class.__module__ == f"job.rules.{rule_class.name}"


@named(RULES)
def test_reason_code_is_the_name_in_capitals(rule_class: type[Rule]) -> None:
    assert rule_class.reason_code == rule_class.name.upper()


@named(RULES)
def test_page_opens_with_a_question_and_has_all_sections(rule_class: type[Rule]) -> None:
    rule_page = page(rule_class)
    assert rule_page.question.endswith("?")
    assert tuple(rule_page.sections) == SECTIONS
    assert all(rule_page.sections.values())


@named(RULES)
def test_module_opens_with_the_same_question(rule_class: type[Rule]) -> None:
    assert inspect.getdoc(inspect.getmodule(rule_class)) == page(rule_class).question


@named(RULES)
def test_page_has_an_example_that_runs(rule_class: type[Rule]) -> None:
    assert ">>> " in page(rule_class).sections["Examples"]


@named(RULES)
def test_formula_names_every_parameter(rule_class: type[Rule]) -> None:
    own = set(rule_class.Parameters.__struct_fields__) - set(RuleParameters.__struct_fields__)
    formula = page(rule_class).sections["Formula"]
    assert {name for name in own if not re.search(rf"\b{name}\b", formula)} == set()


@named(RULES)
def test_every_parameter_is_documented_and_nothing_else(rule_class: type[Rule]) -> None:
    assert set(parameter_texts(rule_class.Parameters)) == set(
        rule_class.Parameters.__struct_fields__
    )


@named(RULES)
def test_every_parameter_names_its_source_or_says_that_it_is_a_choice(
    rule_class: type[Rule],
) -> None:
    texts = parameter_texts(rule_class.Parameters)
    for switch in ("enabled", "shadow"):
        del texts[switch]
    assert {n for n, text in texts.items() if not re.search(r"\bchoice\b|\bSource:", text)} == set()


@named(RULES)
def test_every_parameter_has_a_unit(rule_class: type[Rule]) -> None:
    texts = parameter_texts(rule_class.Parameters)
    without = {n for n, t in texts.items() if not UNIT_IN_NAME.search(n) and not unit_in(t)}
    assert without == set()


def unit_in(text: str) -> bool:
    return UNIT_IN_TEXT.search(text) is not None


@named(RULES)
def test_defaults_are_valid(rule_class: type[Rule]) -> None:
    defaults = rule_class.Parameters()
    assert msgspec.convert(msgspec.to_builtins(defaults), rule_class.Parameters) == defaults


@named(RULES)
def test_threshold_is_positive_and_finite(rule_class: type[Rule]) -> None:
    assert 0.0 < rule_class().threshold < math.inf


@named(CARD_RULES)
def test_lookback_is_not_negative(rule_class: type[CardRule]) -> None:
    assert rule_class().lookback_ms >= 0


# Behaviour on arbitrary swipes and states

TIMES_MS = st.integers(0, 200_000_000)
AMOUNTS_MINOR = st.sampled_from([0, 1, 200, 10_000, 20_000, 10**12]) | st.integers(0, 10**12)
LATITUDES = st.none() | st.floats(-90.0, 90.0)
LONGITUDES = st.none() | st.floats(-180.0, 180.0)
MODES = st.sampled_from(["chip", "contactless", "magstripe", "fallback", "ecommerce", "recurring"])
DEVICES = st.none() | st.sampled_from(["d1", "d2"])
COUNTRIES = st.sampled_from(["FR", "BE", "US"])
CODES = st.sampled_from(["00", "10", "05", "14", "55", "N7"])
TYPES = st.sampled_from(["authorisation", "zero_amount_check", "reversal"])


@st.composite
def swipes(draw: st.DrawFn) -> Swipe:
    return Swipe(
        swipe_id=draw(st.text(min_size=1, max_size=4)),
        card_token="card",
        bin="400000",
        event_time_ms=draw(TIMES_MS),
        amount_minor=draw(AMOUNTS_MINOR),
        currency="EUR",
        mcc="5411",
        merchant_id="m1",
        terminal_id="t1",
        country=draw(COUNTRIES),
        latitude=draw(LATITUDES),
        longitude=draw(LONGITUDES),
        entry_mode=draw(MODES),
        device_id=draw(DEVICES),
        ip_country=draw(st.none() | COUNTRIES),
        response_code=draw(CODES),
        message_type=draw(TYPES),
    )


@st.composite
def cards(draw: st.DrawFn) -> CardState:
    """A card as profiles and swipes can make it; profiles within the contract's bounds only."""
    card = CardState()
    if draw(st.booleans()):
        card.apply_profile(
            CardProfile(
                card_token="card",
                bin="400000",
                updated_ms=0,
                home_country="FR",
                home_latitude=48.85,
                home_longitude=2.35,
                currency="EUR",
                amount_count=draw(st.sampled_from([0, 1, 5, 20, 10**9])),
                amount_log_mean=draw(st.floats(-100.0, 100.0)),
                amount_log_sd=draw(st.floats(0.0, 100.0)),
                device_ids=draw(st.lists(st.sampled_from(["d1", "phone"]), max_size=3)),
                usual_countries=["BE"],
                recent=draw(st.lists(swipes(), max_size=4)),
            ),
            retention_ms=10**12,
        )
    for swipe in draw(st.lists(swipes(), max_size=8)):
        card.remember(swipe, digest=0, retention_ms=10**12)
    return card


def generous(rule_class: type[Any]) -> Any:
    """The rule with its gates as low as they go, so that arbitrary cards pass them."""
    fields = msgspec.to_builtins(rule_class.Parameters())
    lowered = {
        name: 1 for name in fields if re.search(r"^(count_min|.*_min_minor|probes|steps)$", name)
    }
    lowered |= {name: 2 for name in fields if name in {"swipes", "guesses", "cards"}}
    for low in (lowered, {}):
        try:
            return rule_class(msgspec.convert(fields | low, rule_class.Parameters))
        except msgspec.ValidationError:
            continue
    raise AssertionError("the defaults are not valid")


@named(CARD_RULES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_value_is_finite_not_negative_and_repeatable(
    rule_class: type[CardRule], data: st.DataObject
) -> None:
    swipe, card, rule = data.draw(swipes()), data.draw(cards()), generous(rule_class)
    value = rule.measure(swipe, card)
    assert type(value) is float
    assert math.isfinite(value)
    assert value >= 0.0
    assert rule.measure(swipe, card) == value


@named(CARD_RULES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_measure_and_explain_change_nothing(
    rule_class: type[CardRule], data: st.DataObject
) -> None:
    swipe, card, rule = data.draw(swipes()), data.draw(cards()), generous(rule_class)
    before = encode_card_state(card)
    if rule.measure(swipe, card) >= rule.threshold:
        rule.explain(swipe, card)
    assert encode_card_state(card) == before


@named(CARD_RULES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_an_explanation_rests_on_swipes_of_the_history(
    rule_class: type[CardRule], data: st.DataObject
) -> None:
    swipe, card, rule = data.draw(swipes()), data.draw(cards()), generous(rule_class)
    if rule.measure(swipe, card) < rule.threshold:
        return
    evidence = rule.explain(swipe, card)
    assert set(evidence.swipe_ids) <= {past.swipe_id for past in card.history}
    assert len(evidence.swipe_ids) <= len(card.history)
    assert evidence.saw
    msgspec.json.encode(evidence)


@named(CARD_RULES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_what_lies_beyond_the_lookback_changes_nothing(
    rule_class: type[CardRule], data: st.DataObject
) -> None:
    """Pruning the history by the rule's own lookback is exact."""
    swipe, card, rule = data.draw(swipes()), data.draw(cards()), generous(rule_class)
    whole = rule.measure(swipe, card)
    card.history = [past for past in card.history if within(past, swipe, rule.lookback_ms)]
    assert rule.measure(swipe, card) == whole


def within(past: PastSwipe, swipe: Swipe, lookback_ms: int) -> bool:
    return past.event_time_ms >= swipe.event_time_ms - lookback_ms


@named(WINDOW_RULES)
@settings(max_examples=60, deadline=None)
@given(swipe=swipes())
def test_an_observation_is_of_its_swipe(rule_class: type[CrossCardRule], swipe: Swipe) -> None:
    observation = rule_class().observe(swipe)
    if observation is None:
        return
    assert observation.rule == rule_class.name
    assert observation.card_token == swipe.card_token
    assert observation.swipe_id == swipe.swipe_id
    assert observation.event_time_ms == swipe.event_time_ms
    assert observation.entity_id


@named(WINDOW_RULES)
def test_window_is_positive(rule_class: type[CrossCardRule]) -> None:
    assert rule_class().window_ms > 0


def test_the_rules_that_were_promised_are_all_there() -> None:
    assert set(rule_classes()) >= {
        "account_takeover",
        "amount_outlier",
        "bin_attack",
        "card_testing",
        "compromised_terminal",
        "decline_burst",
        "device_sharing",
        "impossible_travel",
        "rapid_escalation",
        "velocity",
    }
