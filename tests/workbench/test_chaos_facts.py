"""Does the head of a table say what a reader must know of how it came to be?"""

from __future__ import annotations

import pytest

from stack.settings import StackSettings
from workbench.cli_chaos import chaos_plan, chaos_stack, facts_of


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
