"""What does each rule look for, and how does it see an attack of its kind?"""

from __future__ import annotations

import msgspec
import pandas as pd
import streamlit as st

from dashboard.anchor import anchor
from dashboard.choices import UnknownId, choose
from dashboard.generated_example import best_example, example_stories
from dashboard.story import Story
from dashboard.story_charts import fitting_axis, rule_chart, timeline
from dashboard.view import View
from job.docstrings import markdown, page, parameter_texts
from job.rules.base import CardRule, Rule
from job.rules.pages import SECTIONS
from job.rules.parameters import load_rules
from scenarios.base import DIFFICULTIES


def render() -> None:
    """The page of the rule that the address names."""
    st.title("Rules")
    rules = {rule.name: rule for rule in load_rules()}
    if not rules:
        st.info("No rule is enabled in job/rules/parameters.toml.")
        return
    try:
        name = choose("rule", "Rule", list(rules), next(iter(rules)))
        _opening(rules[name])
        _example(rules[name])
        _sections(rules[name])
    except UnknownId as error:
        error.show()


def _opening(rule: Rule) -> None:
    st.subheader(page(type(rule)).question)
    looks_at = "one card" if isinstance(rule, CardRule) else "many cards, by window"
    columns = st.columns(3)
    columns[0].metric("Fires at", f"{rule.threshold:g}", help=rule.unit)
    columns[0].caption(rule.unit)
    columns[1].metric("Weight", f"{rule.parameters.weight:g}")
    columns[1].caption("probability of fraud that it alone stands for")
    columns[2].metric("Looks at", looks_at)
    columns[2].caption(f"reason code `{rule.reason_code}`")


def _example(rule: Rule) -> None:
    st.subheader("An example, generated")
    left, right = st.columns(2)
    with left:
        difficulty = choose("difficulty", "Difficulty", list(DIFFICULTIES), "easy", control="radio")
    stories = example_stories(next(each for each in DIFFICULTIES if each == difficulty))
    attacks = [s for told in stories.values() for s in told if s.role == "attack"]
    best = best_example(attacks, rule.name)
    with right:
        scenario = choose("scenario", "Incident of", list(stories), best.scenario)
    _draw(best_example(stories[scenario], rule.name), rule)
    st.html(anchor("scenarios", f"What {scenario} is", scenario=scenario, difficulty=difficulty))


def _draw(story: Story, rule: Rule) -> None:
    highest = max((each.values.get(rule.name, 0.0) for each in story.swipes), default=0.0)
    if highest < rule.threshold:
        st.info(
            f"{rule.name} does not fire here: the highest value is {highest:g} {rule.unit}. Of the "
            f"generated incidents of {story.scenario}, this comes nearest."
        )
    axis = fitting_axis(story)
    st.altair_chart(rule_chart(story, rule.name, axis), width="stretch")
    st.altair_chart(timeline(story, axis), width="stretch")
    for remark in story.remarks:
        st.caption(remark)
    saw = next((each.saw for each in story.sightings if each.rule == rule.name and each.saw), None)
    if saw:
        told = ", ".join(f"{name} {value}" for name, value in saw.items())
        st.markdown(f"At its first alert it saw: {told}.")


def _sections(rule: Rule) -> None:
    sections = page(type(rule)).sections
    for title in SECTIONS:
        if title == "Examples":
            st.markdown("**Examples**")
            st.code(sections[title], language="pycon")
        else:
            st.markdown(f"**{title}**\n\n{markdown(sections[title])}")
    st.markdown("**Parameters**")
    texts = parameter_texts(type(rule.parameters))
    rows = [
        {"parameter": name, "value": msgspec.json.encode(value).decode(), "meaning": texts[name]}
        for name, value in msgspec.to_builtins(rule.parameters).items()
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={"meaning": st.column_config.TextColumn(width="large")},
    )


VIEW = View("rules", "Rules", ":material/rule:", 90, render)
