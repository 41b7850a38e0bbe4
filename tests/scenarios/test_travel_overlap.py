"""Can a cloned card and a flight be told apart by speed alone? Not when it is hard."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from generator.world import PopulationWorld
from scenarios.base import DIFFICULTIES, Difficulty, Incident
from scenarios.discovery import scenario
from scenarios.planning import apart_km
from scenarios.variation import SPREAD

MakeWorld = Callable[..., PopulationWorld]
INCIDENTS = 200
EDGES_KM_PER_H = np.geomspace(20, 200_000, 25)


def implied_speed_km_per_h(incident: Incident) -> float:
    """From the holder's swipe to the first marked one."""
    genuine, first = incident.swipes[0], incident.swipes[1]
    assert genuine.role == "ordinary"
    hours = (first.event_time_ms - genuine.event_time_ms) / 3_600_000
    return apart_km(genuine.terminal, first.terminal) / hours


@pytest.fixture(scope="module")
def overlap(make_world: MakeWorld) -> dict[str, float]:
    """By difficulty: area that the two distributions of implied speed have in common, 0 to 1."""
    areas = {}
    for difficulty in DIFFICULTIES:
        shares = []
        for name in ("geo_jump", "legit_travel"):
            incidents = scenario(name)(difficulty).plan(make_world(), INCIDENTS)
            speeds = [implied_speed_km_per_h(one) for one in incidents]
            counts, _ = np.histogram(np.clip(speeds, 21, 199_999), EDGES_KM_PER_H)
            shares.append(counts / INCIDENTS)
        areas[difficulty] = float(np.minimum(*shares).sum())
    return areas


def test_at_hard_a_fifth_of_the_speeds_overlaps(overlap: dict[str, float]) -> None:
    assert overlap["hard"] >= 0.20


def test_at_easy_the_speeds_are_apart(overlap: dict[str, float]) -> None:
    assert overlap["easy"] <= 0.05


def test_harder_means_more_overlap(overlap: dict[str, float]) -> None:
    assert overlap["easy"] < overlap["medium"] < overlap["hard"]


@pytest.mark.parametrize(("difficulty", "low", "high"), [("easy", 3e3, 3e4), ("hard", 450, 1e3)])
def test_the_clone_is_as_fast_as_its_difficulty_says(
    difficulty: Difficulty, low: float, high: float, make_world: MakeWorld
) -> None:
    incidents = scenario("geo_jump")(difficulty).plan(make_world(), 50)
    speeds = [implied_speed_km_per_h(one) for one in incidents]
    assert low * (1 - SPREAD) * 0.999 <= min(speeds)
    assert max(speeds) <= high * (1 + SPREAD) * 1.001
