"""What every scenario keeps to; a new one is tested from the moment its file exists."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from typing import cast

import msgspec
import pytest

from generator.world import PopulationWorld
from scenarios.base import DIFFICULTIES, Difficulty, Incident, Scenario
from scenarios.discovery import scenario_classes

MakeWorld = Callable[..., PopulationWorld]
SECTIONS = ("What happens", "Reported by", "Difficulty", "References")
INCIDENTS = 30

each_scenario = pytest.mark.parametrize("scenario_class", scenario_classes().values(), ids=str)
each_difficulty = pytest.mark.parametrize("difficulty", DIFFICULTIES)


def plan(
    scenario_class: type[Scenario], difficulty: Difficulty, make_world: MakeWorld, seed: int = 1
) -> list[Incident]:
    return scenario_class(difficulty).plan(make_world(seed), INCIDENTS)


@each_scenario
def test_the_page_has_its_sections(scenario_class: type[Scenario]) -> None:
    page = inspect.cleandoc(scenario_class.__doc__ or "")
    assert page.splitlines()[0].endswith("?")
    for section in SECTIONS:
        assert f"{section}\n{'-' * len(section)}\n" in page


@each_scenario
def test_every_parameter_is_documented(scenario_class: type[Scenario]) -> None:
    page = inspect.cleandoc(scenario_class.Parameters.__doc__ or "")
    for name in scenario_class.Parameters.__struct_fields__:
        assert name in page


@each_scenario
def test_the_difficulty_changes_the_dial(scenario_class: type[Scenario]) -> None:
    dials = [scenario_class(difficulty).parameters for difficulty in DIFFICULTIES]
    assert all(one != other for one, other in itertools.pairwise(dials))


@each_scenario
def test_an_unknown_difficulty_is_refused(scenario_class: type[Scenario]) -> None:
    with pytest.raises(ValueError, match="easy, medium, hard"):
        scenario_class(cast(Difficulty, "brutal"))


@each_difficulty
@each_scenario
def test_it_plans_as_many_incidents_as_asked_for(
    scenario_class: type[Scenario], difficulty: Difficulty, make_world: MakeWorld
) -> None:
    assert len(plan(scenario_class, difficulty, make_world)) == INCIDENTS


@each_difficulty
@each_scenario
def test_each_incident_has_a_marked_swipe_within_the_span(
    scenario_class: type[Scenario], difficulty: Difficulty, make_world: MakeWorld
) -> None:
    world = make_world()
    for incident in scenario_class(difficulty).plan(world, INCIDENTS):
        marked = [swipe for swipe in incident.swipes if swipe.role != "ordinary"]
        assert marked
        assert all(swipe.role == scenario_class.role for swipe in marked)
        assert all(world.start_ms <= swipe.event_time_ms < world.end_ms for swipe in marked)
        assert all(swipe.event_time_ms < world.end_ms for swipe in incident.swipes)


@each_difficulty
@each_scenario
def test_incidents_share_no_cards(
    scenario_class: type[Scenario], difficulty: Difficulty, make_world: MakeWorld
) -> None:
    owners: dict[str, int] = {}
    for number, incident in enumerate(plan(scenario_class, difficulty, make_world)):
        for swipe in incident.swipes:
            assert owners.setdefault(swipe.card.card_token, number) == number


@each_scenario
def test_the_entity_of_an_incident_on_a_card_is_that_card(
    scenario_class: type[Scenario], make_world: MakeWorld
) -> None:
    for incident in plan(scenario_class, "medium", make_world):
        if incident.entity_type == "card":
            assert {swipe.card.card_token for swipe in incident.swipes} == {incident.entity_id}


@each_scenario
def test_terminals_are_the_population_s(
    scenario_class: type[Scenario], make_world: MakeWorld
) -> None:
    for incident in plan(scenario_class, "hard", make_world):
        for swipe in incident.swipes:
            terminal = swipe.terminal
            assert len(terminal.merchant_id) == 15
            assert len(terminal.terminal_id) == 8
            remote = swipe.entry_mode in ("ecommerce", "recurring")
            assert remote == (terminal.latitude is None)
            if terminal.latitude is not None:
                assert terminal.latitude == round(terminal.latitude, 5)


@each_difficulty
@each_scenario
def test_the_same_seed_plans_the_same(
    scenario_class: type[Scenario], difficulty: Difficulty, make_world: MakeWorld
) -> None:
    one, again, other = (
        msgspec.json.encode(plan(scenario_class, difficulty, make_world, seed))
        for seed in (5, 5, 6)
    )
    assert one == again
    assert one != other
