"""What happens in each scenario, and what does one incident of it look like?"""

from __future__ import annotations

from typing import Final

import msgspec
import pandas as pd
import streamlit as st

from dashboard.anchor import anchor
from dashboard.choices import UnknownId, choose
from dashboard.generated_example import example_stories
from dashboard.story_panel import draw_story
from dashboard.view import View
from job.docstrings import markdown, page, parameter_texts
from scenarios.base import DIFFICULTIES, LookAlike, Scenario
from scenarios.discovery import scenario_classes

_ROLES: Final = {"attack": "Attack", "look_alike": "Innocent look-alike"}


def render() -> None:
    """The page of the scenario that the address names."""
    st.title("Scenarios")
    classes = scenario_classes()
    # Attacks first: the look-alikes are there because of them.
    names = sorted(classes, key=lambda name: (classes[name].role, name))
    try:
        left, right = st.columns([2, 3])
        with left:
            name = choose(
                "scenario",
                "Scenario",
                names,
                names[0],
                shown=lambda one: f"{one} ({_ROLES[classes[one].role].lower()})",
            )
        with right:
            difficulty = choose(
                "difficulty", "Difficulty", list(DIFFICULTIES), "medium", control="radio"
            )
        _words(classes[name])
        st.subheader("An example, generated")
        level = next(each for each in DIFFICULTIES if each == difficulty)
        stories = example_stories(level)[name]
        numbers = [str(number) for number in range(1, len(stories) + 1)]
        number = choose("example", "No two are alike", numbers, "1", control="radio")
        draw_story(stories[int(number) - 1])
        _dial(classes[name])
    except UnknownId as error:
        error.show()


def _words(kind: type[Scenario]) -> None:
    documented = page(kind)
    st.subheader(documented.question)
    st.caption(f"{_ROLES[kind.role]} `{kind.name}`")
    if issubclass(kind, LookAlike):
        st.markdown(
            f"Resembles `{kind.resembles}`; told from it by: {kind.feature_name}.",
        )
        st.html(anchor("scenarios", f"To {kind.resembles}", scenario=kind.resembles))
    elif kind.companions:
        for name in kind.companions:
            st.html(f"Always runs beside {anchor('scenarios', name, scenario=name)}")
    for title, text in documented.sections.items():
        st.markdown(f"**{title}**  \n{markdown(text)}")


def _dial(kind: type[Scenario]) -> None:
    st.subheader("The dial")
    texts = parameter_texts(kind.Parameters)
    values = {level: msgspec.to_builtins(kind.by_difficulty[level]) for level in kind.by_difficulty}
    rows = [
        {
            "parameter": name,
            **{level: str(values[level][name]) for level in values},
            "meaning": texts.get(name, ""),
        }
        for name in kind.Parameters.__struct_fields__
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={"meaning": st.column_config.TextColumn(width="large")},
    )


VIEW = View("scenarios", "Scenarios", ":material/theater_comedy:", 80, render)
