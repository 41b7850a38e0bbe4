"""What do the tests of the workbench share? One run of the engine alone."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from generator.settings import ReplaySettings
from workbench.console import Phases
from workbench.local_run import run_locally
from workbench.plan import RunPlan


@pytest.fixture
def small_replay() -> ReplaySettings:
    """Settings of a replay that is made within a second."""
    return ReplaySettings(rate_per_min=600, duration_s=5, warm_up_s=0, incidents=1)


@pytest.fixture
def quiet() -> Phases:
    """Phases that nobody watches."""
    return Phases(Console(file=io.StringIO()))


@pytest.fixture
def local_run(tmp_path: Path, small_replay: ReplaySettings, quiet: Phases) -> Path:
    """The folder of a local run."""
    runs, replays = tmp_path / "runs", tmp_path / "replays"
    folder, _ = run_locally(RunPlan(replay=small_replay), quiet, runs, replays=replays)
    return folder
