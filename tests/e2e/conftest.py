"""One real stack for all end-to-end tests, on free ports and in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from evaluation.evaluate import Evaluation
from generator.settings import Disturbances, ReplaySettings
from stack.local import LocalStack
from stack.settings import StackSettings
from workbench.console import Phases
from workbench.intervention import Intervention
from workbench.plan import JobPlan, RunPlan
from workbench.simulate import simulate

RunIt = Callable[..., tuple[Path, Evaluation]]

#: Everything that can go wrong on the way, often enough to be met in a short run.
DISTURBED = Disturbances(
    disorder=0.05, late=0.01, repeat=0.01, id_conflict=0.005, unreadable=0.01, ahead=0.002
)


@pytest.fixture(scope="session")
def stack_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackSettings]:
    settings = StackSettings.with_free_ports(tmp_path_factory.mktemp("stack"))
    stack = LocalStack(settings)
    stack.up()
    try:
        yield settings
    finally:
        stack.down()


@pytest.fixture(scope="session")
def run_it(stack_settings: StackSettings, tmp_path_factory: pytest.TempPathFactory) -> RunIt:
    """Run a scenario for real; settings of the replay and of the job by name."""
    return _runs_on(stack_settings, tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def run_with_standby(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunIt]:
    """The same with two JobManagers, ZooKeeper, a spare TaskManager, and checkpoints in S3."""
    folder = tmp_path_factory.mktemp("standby")
    settings = StackSettings.with_free_ports(
        folder / "stack",
        high_availability=True,
        object_store=True,
        taskmanagers=2,
        spare_taskmanagers=1,
    )
    stack = LocalStack(settings)
    stack.up()
    try:
        yield _runs_on(settings, folder)
    finally:
        stack.down()


def _runs_on(settings: StackSettings, folder: Path) -> RunIt:
    def run(
        job: JobPlan | None = None,
        fault: str | None = None,
        intervention: Intervention | None = None,
        **replay: Any,
    ) -> tuple[Path, Evaluation]:
        asked = {"duration_s": 12, "warm_up_s": 3, "rate_per_min": 24_000, **replay}
        plan = RunPlan(
            replay=ReplaySettings.parse({"disturbances": DISTURBED, **asked}),
            job=job or JobPlan(),
            fault=fault,
        )
        return simulate(
            plan,
            Phases(Console()),
            folder / "runs",
            settings=settings,
            replays=folder / "replays",
            keep_stack=True,
            intervention=intervention,
        )

    return run
