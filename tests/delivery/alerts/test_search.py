"""Does what somebody looks for stay a value, whatever is in it?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.alerts.search import AlertQuery


def leaves(condition: Any) -> Iterator[object]:
    if isinstance(condition, dict):
        for value in condition.values():
            yield from leaves(value)
    elif isinstance(condition, list):
        for value in condition:
            yield from leaves(value)
    else:
        yield condition


def keys(condition: Any) -> set[str]:
    if isinstance(condition, dict):
        return set(condition).union(*map(keys, condition.values()))
    return set().union(*map(keys, condition)) if isinstance(condition, list) else set()


@settings(max_examples=200, deadline=None)
@given(entity=st.text(min_size=1), rule=st.text(), action=st.text())
def test_every_text_is_one_term_of_the_same_query(entity: str, rule: str, action: str) -> None:
    found = AlertQuery(entity_id=entity, rule=rule, action=action).filters()
    plain = AlertQuery(entity_id="c1", rule="velocity", action="block").filters()
    assert keys(found) == keys(plain)
    assert list(leaves(found)) == [entity, entity, entity, 1, rule, action]


def test_conditions_are_exact_and_never_patterns() -> None:
    asked = AlertQuery(entity_id="*", rule="*", action="*").filters()
    assert keys(asked).isdisjoint({"wildcard", "regexp", "query_string", "prefix", "script"})
