"""Does each rule name exactly the fields without which it can find nothing?"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from job.contracts import Swipe
from job.rules.base import CardRule, CrossCardRule, Rule
from job.rules.device_sharing import DeviceSharing
from job.rules.discovery import card_rule_classes, cross_card_rule_classes, rule_classes
from job.rules.example import example_swipe
from tests.job.rules.test_contract import cards, generous, swipes

OPTIONAL: Final = ("latitude", "longitude", "device_id", "ip_country")
#: Anything else that a rule may look at but does not name must not change its value.
CODES: Final = {"entry_mode": "recurring", "merchant_id": "unknown", "mcc": "0000"}


@pytest.mark.parametrize("rule_class", rule_classes().values(), ids=lambda rule: rule.name)
def test_needs_are_fields_of_a_swipe(rule_class: type[Rule]) -> None:
    assert rule_class.needs <= set(Swipe.__struct_fields__)


@pytest.mark.parametrize("field", OPTIONAL)
@pytest.mark.parametrize("rule_class", card_rule_classes().values(), ids=lambda rule: rule.name)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_without_a_field_it_is_silent_if_it_needs_it_and_else_the_same(
    rule_class: type[CardRule], field: str, data: st.DataObject
) -> None:
    swipe, card, rule = data.draw(swipes()), data.draw(cards()), generous(rule_class)
    before = rule.measure(swipe, card)
    bare = blank(swipe, card, {field: None})
    assert rule.measure(bare, card) == (0.0 if field in rule_class.needs else before)


@pytest.mark.parametrize("field", list(CODES))
@pytest.mark.parametrize("rule_class", card_rule_classes().values(), ids=lambda rule: rule.name)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_stand_in_silences_who_needs_the_field_and_changes_nothing_for_others(
    rule_class: type[CardRule], field: str, data: st.DataObject
) -> None:
    swipe, card, rule = data.draw(swipes()), data.draw(cards()), generous(rule_class)
    before = rule.measure(swipe, card)
    bare = blank(swipe, card, {field: CODES[field]})
    assert rule.measure(bare, card) == (0.0 if field in rule_class.needs else before)


@pytest.mark.parametrize("rule_class", card_rule_classes().values(), ids=lambda rule: rule.name)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_without_declines_it_is_silent_if_it_needs_the_response(
    rule_class: type[CardRule], data: st.DataObject
) -> None:
    if "response_code" not in rule_class.needs:
        return
    swipe, card, rule = data.draw(swipes()), data.draw(cards()), generous(rule_class)
    bare = blank(swipe, card, {"response_code": "00"})
    assert rule.measure(bare, card) == 0.0


@pytest.mark.parametrize(
    "rule_class", cross_card_rule_classes().values(), ids=lambda rule: rule.name
)
@pytest.mark.parametrize("field", ["bin", "merchant_id", "country", "mcc", "device_id"])
@settings(max_examples=60, deadline=None)
@given(swipe=swipes())
def test_an_entity_is_made_of_fields_that_are_needed(
    rule_class: type[CrossCardRule], field: str, swipe: Swipe
) -> None:
    rule = rule_class()
    swipe = msgspec.structs.replace(swipe, device_id=swipe.device_id or "given")
    other = msgspec.structs.replace(swipe, **{field: "999999" if field == "bin" else "other"})
    before, after = rule.observe(swipe), rule.observe(other)
    if before is None or field not in rule_class.needs:
        assert before == after
    else:
        assert after is not None
        assert before.entity_id != after.entity_id


def test_without_a_device_nothing_is_counted_for_one() -> None:
    tried = example_swipe(entry_mode="ecommerce", device_id="tablet", response_code="14")
    assert DeviceSharing().observe(tried) is not None
    assert DeviceSharing().observe(msgspec.structs.replace(tried, device_id=None)) is None


def blank(swipe: Swipe, card: Any, values: dict[str, Any]) -> Swipe:
    """Make swipe and history lack a field, the history in place."""
    past_fields = set(card.history[0].__struct_fields__) if card.history else set()
    known = {name: value for name, value in values.items() if name in past_fields}
    card.history = [msgspec.structs.replace(past, **known) for past in card.history]
    return msgspec.structs.replace(swipe, **values)
