"""What do incidents of each scenario look like, as the project's own generator makes them?

One small portfolio with some incidents of every scenario, of the tuning split: pictures of the
exam's incidents would give the exam away. Swipes, labels and profiles are those that a replay would
have.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import streamlit as st

from dashboard.judged_anew import judge_anew
from dashboard.story import Story, StorySwipe, from_profile, kind_of, told
from generator.bulk import ExamSettings
from generator.profiles import card_profiles
from generator.tokens import token_key
from generator.traffic import make_traffic
from job.rules.parameters import load_rules
from scenarios.base import Difficulty

#: Large enough for the attacks on many cards of one issuer; made within seconds. A choice.
_CARDS: Final = 6_000
_DAYS: Final = 2
#: Incidents of each scenario: no two are alike. A choice.
EXAMPLES: Final = 3
_CARDS_ALONE: Final = (
    "A generated example. Rules that look across cards see only the cards of this incident."
)


@st.cache_data(show_spinner="Generating incidents of each scenario")
def example_stories(difficulty: Difficulty) -> dict[str, tuple[Story, ...]]:
    """Some incidents of each scenario by its name, judged by this checkout's rules."""
    settings = ExamSettings(
        shards=1,
        cards_per_shard=_CARDS,
        days=_DAYS,
        incidents=EXAMPLES,
        difficulties=(difficulty,),
    )
    replay = settings.replay(0)
    traffic = make_traffic(replay, replay.records, token_key())
    marked: dict[str, list[str]] = {}
    for one in traffic.swipes:
        if one.incident_id is not None:
            marked.setdefault(one.incident_id, []).append(one.swipe.card_token)
    all_cards = {card for cards in marked.values() for card in cards}
    profiles = {t: v for t, v in card_profiles(replay, traffic) if t in all_cards}
    of_card: dict[str, list[StorySwipe]] = {}
    arrival: dict[str, int] = {}
    for at, one in enumerate(traffic.swipes):
        if one.swipe.card_token in all_cards:
            story_swipe = StorySwipe(one.swipe, kind_of(one.role))
            of_card.setdefault(one.swipe.card_token, []).append(story_swipe)
            arrival[one.swipe.swipe_id] = at
    stories: dict[str, tuple[Story, ...]] = {}
    for incident in traffic.incidents:
        cards = dict.fromkeys(marked[incident.incident_id])
        swipes = [each for card in cards for each in of_card[card]]
        swipes.sort(key=lambda each: arrival[each.swipe.swipe_id])
        story = _judged(
            Story(incident.incident_id, incident.scenario, incident.role, difficulty, ()),
            swipes,
            [(card, profiles[card]) for card in cards if card in profiles],
        )
        stories[incident.scenario] = (*stories.get(incident.scenario, ()), story)
    return stories


def _judged(story: Story, swipes: list[StorySwipe], profiles: list[tuple[str, bytes]]) -> Story:
    anew = judge_anew(swipes, profiles, load_rules())
    focus_ms = [each.swipe.event_time_ms for each in swipes if each.is_marked]
    return replace(
        story,
        swipes=told([*from_profile(profiles), *anew.swipes], focus_ms),
        sightings=anew.sightings,
        limits=anew.limits,
        remarks=(_CARDS_ALONE,),
    )


def best_example(stories: Iterable[Story], rule: str) -> Story:
    """The story in which a rule comes furthest over its threshold."""

    def furthest(story: Story) -> float:
        limits = {each.rule: each.threshold for each in story.limits}
        values = [each.values.get(rule, 0.0) for each in story.swipes]
        return max(values, default=0.0) / (limits.get(rule) or 1.0)

    return max(stories, key=lambda story: (furthest(story), story.name))
