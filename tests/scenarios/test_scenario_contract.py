"""What every scenario keeps to; a new one is tested from the moment its file exists."""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import cast

import msgspec
import numpy as np
import pytest

from generator.world import PopulationWorld
from job.rules.parameters import DEFAULT_FILE, read_tables
from scenarios.base import DIFFICULTIES, Difficulty, Incident, Scenario
from scenarios.discovery import look_alikes, scenario, scenario_classes

MakeWorld = Callable[..., PopulationWorld]
SECTIONS = ("What happens", "Reported by", "Difficulty", "References")
INCIDENTS = 30
OVERLAP_INCIDENTS = 120
#: Fields that rules and dials may both call so.
OF_BOTH = ("window_ms", "min_distance_km")

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
    # A dial that several scenarios share is described once, where it is.
    page = "\n".join(inspect.getdoc(kind) or "" for kind in scenario_class.Parameters.__mro__)
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
def test_each_incident_has_a_marked_swipe_that_arrives_within_the_span(
    scenario_class: type[Scenario], difficulty: Difficulty, make_world: MakeWorld
) -> None:
    world = make_world()
    for incident in scenario_class(difficulty).plan(world, INCIDENTS):
        marked = [swipe for swipe in incident.swipes if swipe.role != "ordinary"]
        assert all(swipe.role == scenario_class.role for swipe in marked)
        arrivals = [swipe.event_time_ms + swipe.arrival_delay_ms for swipe in marked]
        assert any(world.start_ms <= arrival_ms for arrival_ms in arrivals)
        assert all(arrival_ms < world.end_ms for arrival_ms in arrivals)
        assert all(swipe.event_time_ms < world.end_ms for swipe in incident.swipes)
        assert all(swipe.arrival_delay_ms >= 0 for swipe in incident.swipes)


@each_difficulty
@each_scenario
def test_over_a_month_nearly_all_marked_swipes_lie_in_the_span(
    scenario_class: type[Scenario], difficulty: Difficulty, make_month: MakeWorld
) -> None:
    world = make_month()
    planned = scenario_class(difficulty).plan(world, INCIDENTS)
    marked = [s for one in planned for s in one.swipes if s.role != "ordinary"]
    inside = [s for s in marked if s.event_time_ms + s.arrival_delay_ms >= world.start_ms]
    assert len(inside) >= 0.95 * len(marked)


@each_scenario
def test_the_holder_s_device_and_place_are_named_on_the_net_and_only_there(
    scenario_class: type[Scenario], make_world: MakeWorld
) -> None:
    for incident in plan(scenario_class, "medium", make_world):
        for swipe in incident.swipes:
            on_the_net = swipe.entry_mode == "ecommerce"
            assert (swipe.device_id is not None) == on_the_net
            assert (swipe.ip_country is not None) == on_the_net


@each_scenario
def test_amounts_and_codes_are_the_contract_s(
    scenario_class: type[Scenario], make_world: MakeWorld
) -> None:
    for incident in plan(scenario_class, "easy", make_world):
        for swipe in incident.swipes:
            assert swipe.amount_minor >= 0
            assert (swipe.amount_minor == 0) == (swipe.message_type == "zero_amount_check")
            assert len(swipe.response_code) == 2
            assert swipe.card.is_issued or swipe.response_code == "14"


@pytest.mark.parametrize("name", look_alikes())
def test_a_look_alike_overlaps_with_its_attack_the_more_the_harder_it_is(
    name: str, make_month: MakeWorld
) -> None:
    kind = look_alikes()[name]
    overlaps = {}
    for difficulty in DIFFICULTIES:
        one, other = (
            [
                kind.feature(incident)
                for incident in scenario(each)(difficulty).plan(make_month(), OVERLAP_INCIDENTS)
            ]
            for each in (name, kind.resembles)
        )
        overlaps[difficulty] = overlap(one, other)
    assert overlaps["hard"] >= 0.20, overlaps
    assert overlaps["easy"] <= overlaps["medium"] < overlaps["hard"], overlaps


def overlap(one: list[float], other: list[float]) -> float:
    """Area that two distributions have in common, 0 to 1, over at most 12 bins of equal content."""
    edges = np.unique(np.quantile([*one, *other], np.linspace(0, 1, 13)))
    edges = np.concatenate([[-np.inf], edges[1:-1], [np.inf]])
    shares = [np.histogram(values, edges)[0] / len(values) for values in (one, other)]
    return float(np.minimum(*shares).sum())


@each_scenario
def test_no_scenario_quotes_a_rule(scenario_class: type[Scenario]) -> None:
    """Nobody may write the exam by the rules' own figures."""
    source = Path(inspect.getfile(scenario_class)).read_text()
    assert "job.rules" not in source
    figures = {
        (unit_of(name), value)
        for difficulty in DIFFICULTIES
        for name, value in msgspec.structs.asdict(scenario_class(difficulty).parameters).items()
    }
    for rule, table in read_tables(DEFAULT_FILE).items():
        for field, value in table.items():
            named = f"{scenario_class.name} quotes {rule}.{field}"
            quoted = re.search(rf"\b{field}\b", source) is not None
            assert "_" not in field or not quoted or field in OF_BOTH, named
            # Counts and round figures are everybody's.
            assert value < 500 or (unit_of(field), value) not in figures, named


def unit_of(field: str) -> str:
    """The unit in a field's name."""
    units = ("_ms", "_minor", "_km_per_h", "_km", "_min", "_h", "_s", "_share", "_factor")
    field = field.replace("_kmh", "_km_per_h").replace("_min_", "_").replace("_max_", "_")
    return next((unit for unit in units if field.endswith(unit)), "")


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
