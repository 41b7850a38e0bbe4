from __future__ import annotations

import pytest

from scenarios.discovery import UnknownScenario, scenario, scenario_classes


def test_scenarios_are_found_by_name_in_order() -> None:
    names = list(scenario_classes())
    assert names == sorted(names)
    assert {"geo_jump", "legit_travel"} <= set(names)


def test_a_scenario_is_found_by_its_name() -> None:
    assert scenario("geo_jump").name == "geo_jump"


def test_an_unknown_name_lists_the_valid_ones() -> None:
    with pytest.raises(UnknownScenario, match="geo_jump, holiday_rush"):
        scenario("nonsense")


def test_a_near_miss_is_suggested() -> None:
    with pytest.raises(UnknownScenario, match="did you mean 'geo_jump'"):
        scenario("geojump")
