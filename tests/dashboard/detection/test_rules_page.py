"""Does each rule have its page, and see an attack of its kind?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.generated_example import best_example, example_stories
from job.rules.pages import page as rule_page
from job.rules.parameters import load_rules

Page = Callable[..., AppTest]
RULES = {rule.name: rule for rule in load_rules()}


@pytest.mark.parametrize("name", list(RULES))
def test_every_rule_has_its_page(page: Page, tmp_path: Path, name: str) -> None:
    app = page("rules", root=tmp_path, rule=name)
    assert not app.exception
    assert not app.error
    assert app.subheader[0].value == rule_page(type(RULES[name])).question
    specs = [json.loads(each.proto.spec) for each in app.get("vega_lite_chart")]
    assert any(f"Value of {name}" in json.dumps(each) for each in specs)


@pytest.mark.parametrize("name", list(RULES))
def test_the_example_reaches_the_threshold_or_says_that_it_does_not(
    page: Page, tmp_path: Path, name: str
) -> None:
    told = example_stories("easy").values()
    story = best_example([s for stories in told for s in stories if s.role == "attack"], name)
    fires = max(each.values.get(name, 0.0) for each in story.swipes) >= RULES[name].threshold
    said = [each.value for each in page("rules", root=tmp_path, rule=name).info]
    assert fires != any("does not fire" in text for text in said)


def test_nearly_every_rule_fires_in_an_easy_example() -> None:
    told = [each for stories in example_stories("easy").values() for each in stories]
    fired = {name for story in told for each in story.swipes for name in each.fired}
    # Hardly an attack guesses a PIN again and again, and the stories hold no fraud reports.
    assert len(fired) >= len(RULES) - 2


def test_an_unknown_rule_names_a_close_one(page: Page, tmp_path: Path) -> None:
    app = page("rules", root=tmp_path, rule="velocty")
    assert not app.exception
    assert "velocity" in app.error[0].value
