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


@pytest.mark.parametrize("name", sorted(set(RULES) - {"decline_burst"}))
def test_the_easy_example_that_is_shown_reaches_the_threshold(name: str) -> None:
    told = example_stories("easy").values()
    story = best_example([each for stories in told for each in stories], name)
    assert max(each.values.get(name, 0.0) for each in story.swipes) >= RULES[name].threshold


def test_an_unknown_rule_names_a_close_one(page: Page, tmp_path: Path) -> None:
    app = page("rules", root=tmp_path, rule="velocty")
    assert not app.exception
    assert "velocity" in app.error[0].value
