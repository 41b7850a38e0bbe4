"""With what traffic does `paystream state` measure, and what does it say of it?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer

from evaluation.large_state.results import RESULTS_FILE, LargeState
from generator.settings import ReplaySettings
from stack.local import LocalStack
from workbench import cli_state
from workbench.cli_chaos import SCENARIO, chaos_replay
from workbench.state_series import StatePlan, StateSeries


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Give a function: options -> the plan and what was written, with nothing started."""
    plans: list[StatePlan] = []

    def run(series: StateSeries) -> None:
        plans.append(series._plan)

    monkeypatch.setattr(StateSeries, "run", run)
    for step in ("down", "wipe"):
        monkeypatch.setattr(LocalStack, step, lambda _: ())
    monkeypatch.setattr(cli_state, "_MEMORY_GB", 0.0)
    monkeypatch.setattr(cli_state, "_SPARE_DISK_GB", 0.0)

    def ask(**options: Any) -> tuple[StatePlan, LargeState]:
        with pytest.raises(typer.Exit):
            cli_state.state(gb=0.02, out=tmp_path, **options)
        (file,) = tmp_path.glob(f"*/{RESULTS_FILE}")
        return plans[-1], msgspec.json.decode(file.read_bytes(), type=LargeState)

    return ask


def test_cards_swipe_again_where_something_is_killed_as_in_a_series_of_faults(
    asked_for: Any,
) -> None:
    kills = asked_for()[0].kills
    assert (kills.scenario, kills.difficulty) == ("velocity_burst", "easy")
    assert kills.incident_count == kills.duration_s * kills.rate_per_min / 60 * 20 / 1_000
    alike = chaos_replay(SCENARIO, kills.rate_per_min, kills.duration_s, kills.warm_up_s)
    assert kills == alike.model_copy(update={"seed": kills.seed})


def test_the_replays_are_of_other_cards(asked_for: Any) -> None:
    plan = asked_for()[0]
    replays: tuple[ReplaySettings, ...] = (plan.calm, plan.overload, plan.kills)
    assert len({each.seed for each in replays}) == len(replays)


def test_the_head_says_what_was_sent_while_something_was_killed(asked_for: Any) -> None:
    facts = asked_for()[1].facts
    assert facts["traffic with a kill"].startswith("velocity_burst (easy, 600 attacks), 30,000")


def test_without_a_kill_the_head_says_nothing_of_its_traffic(asked_for: Any) -> None:
    assert "traffic with a kill" not in asked_for(only=["peace"])[1].facts
