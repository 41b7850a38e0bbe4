"""A mix has everything at the shares it says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from generator.incident_plan import incident_plan
from generator.replay import write_replay
from generator.settings import ReplaySettings, SettingsError
from generator.world import PopulationWorld
from scenarios.discovery import look_alikes, scenario, scenario_classes
from scenarios.mixes import MIXED, MIXES, PREVALENCES


def test_the_mix_has_every_scenario() -> None:
    named = set(MIXED.attack_shares) | set(MIXED.look_alikes_per_attack)
    assert named == set(scenario_classes())
    assert set(MIXED.look_alikes_per_attack) == set(look_alikes())


def test_the_shares_of_attacks_sum_to_one() -> None:
    assert sum(MIXED.attack_shares.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("name", MIXED.attack_shares)
def test_the_mix_knows_how_many_swipes_an_attack_has(
    name: str, make_month: Callable[..., PopulationWorld]
) -> None:
    planned = scenario(name)("medium").plan(make_month(), 100)
    swipes = [sum(swipe.role == "attack" for swipe in one.swipes) for one in planned]
    assert np.mean(swipes) == pytest.approx(MIXED.swipes_per_attack[name], rel=0.2)


def test_as_many_attacks_are_planned_as_asked_for() -> None:
    plan = incident_plan(ReplaySettings(scenario="mixed", incidents=97))
    attacks = [each for each in plan if each.scenario in MIXED.attack_shares]
    assert sum(each.incidents for each in attacks) == 97


@pytest.mark.parametrize("name", PREVALENCES)
def test_a_prevalence_is_met_as_near_as_few_incidents_allow(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = ReplaySettings(
        scenario="mixed",
        prevalence=name,
        rate_per_min=120_000,
        duration_s=60,
        warm_up_s=0,
        speedup=20_000,
        load="daily_rhythm",
    )
    manifest = write_replay(settings, tmp_path_factory.mktemp(name) / "replay")
    ratio = manifest.fraud_share / PREVALENCES[name]
    assert 0.4 < ratio < 2.5


def test_a_prevalence_is_of_a_mix() -> None:
    with pytest.raises(SettingsError, match="prevalence is of a mix"):
        ReplaySettings.parse({"scenario": "geo_jump", "prevalence": "eea"})
    with pytest.raises(SettingsError, match="eea, ecommerce_worldline"):
        ReplaySettings.parse({"scenario": "mixed", "prevalence": "everywhere"})


def test_a_mix_is_named_where_a_scenario_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert "mixed" in MIXES
    assert ReplaySettings(scenario="mixed").incident_count > 0
