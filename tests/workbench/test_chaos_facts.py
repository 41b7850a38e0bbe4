"""Does the head of a table say what a reader must know of how it came to be?"""

from __future__ import annotations

import inspect

import pytest

from stack.settings import StackSettings
from workbench.chaos import Trial
from workbench.cli_chaos import (
    SCENARIO,
    chaos,
    chaos_plan,
    chaos_stack,
    facts_of,
    random_facts,
)
from workbench.cli_soak import soak


def facts(taskmanagers: int = 2, scenario: str = "geo_jump") -> dict[str, str]:
    plan = chaos_plan(scenario, 30_000, 40, 5, 1_000)
    return facts_of(plan, chaos_stack(StackSettings(), taskmanagers, plan))


@pytest.fixture(autouse=True)
def no_stack_runs(monkeypatch):
    monkeypatch.setattr("workbench.cli_chaos.as_it_runs", lambda settings: settings)


def test_spares_are_called_warm_as_far_as_they_are():
    said = facts()["TaskManagers"]
    assert said.startswith("2, spare: 1; each had run the job once when the series began")
    assert "came back cold" in said
    assert "none is spare" in facts(taskmanagers=1)["TaskManagers"]


@pytest.mark.parametrize("command", [chaos, soak])
def test_a_series_is_of_cards_that_swipe_again_unless_told_otherwise(command):
    assert inspect.signature(command).parameters["scenario"].default == SCENARIO
    assert SCENARIO == "velocity_burst"


def test_the_head_says_how_many_attacks_of_which_difficulty_are_replayed():
    bursts, jumps = facts(scenario=SCENARIO)["replay"], facts()["replay"]
    assert bursts.startswith("velocity_burst (easy, 400 attacks), 30,000 swipes a minute")
    assert jumps.startswith("geo_jump (medium, 24 attacks), 30,000 swipes a minute")


def test_the_head_says_that_random_sequences_are_sent_for_longer():
    alone, sequence = Trial("kafka_kill"), Trial("random", seed=4)
    assert random_facts([alone], 40) == {}
    assert random_facts([alone, sequence], 40) == {"a random sequence": "3 faults, sent for 120 s"}


def test_a_long_run_has_cards_enough_with_the_usual_number_of_attacks():
    settings = chaos_plan(SCENARIO, 30_000, 3_600, 5, 1_000).replay
    assert settings.incident_count == 2_160


def test_how_the_jvms_compile_is_said():
    assert facts()["JVMs compile"] == "quickly, with C1 alone (jit=quick)"
    plan = chaos_plan("geo_jump", 30_000, 40, 5, 1_000)
    stack = chaos_stack(StackSettings(jit="full"), 2, plan)
    assert facts_of(plan, stack)["JVMs compile"] == "fully (jit=full)"
