"""Does a soak hold: one fault after the other from a seed, with what the services take?"""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from evaluation.chaos.totals import totals
from stack.settings import StackSettings
from workbench.chaos import Trial, run_chaos
from workbench.cli_chaos import SCENARIO, chaos_plan
from workbench.console import Phases
from workbench.fault_plan import RANDOM, moments
from workbench.growth import summary
from workbench.growth_watch import GrowthWatch

pytestmark = [pytest.mark.stack, pytest.mark.slow]

SEED = 1
MEASURED_S, WARM_UP_S = 85, 5


def test_a_short_soak_loses_nothing_and_tells_what_it_takes(
    stack_settings: StackSettings, tmp_path: Path
) -> None:
    plan = chaos_plan(SCENARIO, 30_000, MEASURED_S, WARM_UP_S, checkpoint_interval_ms=1_000)
    plan = plan.model_copy(update={"fault_count": 2})
    watch = GrowthWatch(MEASURED_S + WARM_UP_S)
    console = Console(record=True, width=150)
    outcomes = list(
        run_chaos(
            [Trial(RANDOM, SEED)],
            plan,
            Phases(console),
            tmp_path / "runs",
            settings=stack_settings,
            replays=tmp_path / "replays",
            intervention=watch,
        )
    )
    drawn = [each.fault for each in moments(RANDOM, SEED, stack_settings, 2)]
    assert [each.fault for each in outcomes] == drawn
    assert [(each.verdict, each.reason) for each in outcomes if each.verdict != "pass"] == []
    assert totals(outcomes)[:2] == (1, 0)
    assert totals(outcomes).harmed == 0
    printed = console.export_text()
    assert "1 of 2, after " in printed
    assert "2 of 2, after " in printed
    taken = summary(watch.readings)
    for name in ("TaskManagers, memory", "JobManagers, memory", "Kafka, disk"):
        assert min(taken[name]["values"]) > 1, name
    assert taken["sent"][-1] > taken["sent"][1] > 10_000
