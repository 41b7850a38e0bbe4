"""Does a run of the engine alone leave what others read?"""

from __future__ import annotations

from pathlib import Path

import msgspec

from evaluation.evaluate import read_results
from generator.settings import ReplaySettings
from workbench.console import Phases
from workbench.local_run import run_locally
from workbench.plan import RunPlan


def test_its_results_have_the_name_of_the_run_and_not_of_the_replay(local_run: Path) -> None:
    assert read_results(local_run).run_id == local_run.name
    assert msgspec.json.decode((local_run / "run.json").read_bytes())["run_id"] == local_run.name


def test_it_is_held_against_thresholds_of_ones_own_and_says_which(
    tmp_path: Path, small_replay: ReplaySettings, quiet: Phases
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[detection]\nincidents = 1\nincident_recall_min = 0.25\n")
    plan = RunPlan(replay=small_replay, thresholds_file=file)
    folder, _ = run_locally(plan, quiet, tmp_path / "runs", replays=tmp_path / "replays")
    thresholds = read_results(folder).thresholds
    assert (thresholds.detection.incidents, thresholds.detection.incident_recall_min) == (1, 0.25)
    settings = msgspec.json.decode((folder / "run.json").read_bytes())["settings"]
    assert settings["thresholds_file"] == str(file)
