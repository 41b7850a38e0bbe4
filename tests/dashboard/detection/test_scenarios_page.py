"""Does each scenario have its page, with an incident of its own kind?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.generated_example import EXAMPLES, example_stories
from job.docstrings import page as page_of
from job.docstrings import parameter_texts
from scenarios.base import DIFFICULTIES, Difficulty
from scenarios.discovery import scenario_classes

Page = Callable[..., AppTest]


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_the_generator_gives_an_incident_of_each_at_each_difficulty(
    difficulty: Difficulty,
) -> None:
    stories = example_stories(difficulty)
    assert set(stories) == set(scenario_classes())
    for name, told in stories.items():
        assert len(told) == EXAMPLES, name
        assert all(story.marked for story in told), name
        assert {story.role for story in told} == {scenario_classes()[name].role}


@pytest.mark.parametrize("name", list(scenario_classes()))
def test_every_scenario_has_its_page(page: Page, tmp_path: Path, name: str) -> None:
    app = page("scenarios", root=tmp_path, scenario=name)
    assert not app.exception
    assert not app.error
    assert app.subheader[0].value == page_of(scenario_classes()[name]).question
    assert app.get("vega_lite_chart")


@pytest.mark.parametrize("name", list(scenario_classes()))
def test_every_parameter_of_a_dial_is_explained(name: str) -> None:
    parameters = scenario_classes()[name].Parameters
    assert set(parameters.__struct_fields__) <= set(parameter_texts(parameters))


def test_an_unknown_scenario_names_a_close_one(page: Page, tmp_path: Path) -> None:
    app = page("scenarios", root=tmp_path, scenario="geo_jmp")
    assert not app.exception
    assert r"geo\_jump" in app.error[0].value


def test_the_difficulty_stands_in_the_address(page: Page, tmp_path: Path) -> None:
    app = page("scenarios", root=tmp_path, scenario="geo_jump")
    app.radio(key="address-difficulty").set_value("hard").run()
    assert app.query_params["difficulty"] == "hard"
    assert any("geo_jump, hard" in each.value for each in app.caption)
