"""Is a run with `stack=compose` judged on a cluster that somebody else has started?

In place of containers stand a real Kafka and Flink that the run knows by address alone, and in
place of `docker compose exec` a script that enters the job's folder and sets Flink's environment.
"""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from generator.settings import ReplaySettings
from job.version import hash_of
from stack import flink_home
from stack.compose.attached import ComposeSettings, ComposeStack
from stack.local import LocalStack
from stack.process import StackError
from stack.settings import StackSettings
from tests.e2e.test_external_job import PATIENT, ROOT
from workbench.console import Phases
from workbench.plan import RunPlan
from workbench.simulate import simulate

pytestmark = [pytest.mark.stack, pytest.mark.slow]


@pytest.fixture
def containers(stack_settings: StackSettings, tmp_path: Path) -> ComposeStack:
    """The session's stack, as if it ran in containers."""
    image = tmp_path / "image"
    shutil.copytree(ROOT / "job", image / "job", ignore=shutil.ignore_patterns("__pycache__"))
    environment = flink_home.environment(stack_settings)
    exports = [
        f"export {name}={shlex.quote(value)}"
        for name, value in environment.items()
        if name.startswith("FLINK_") or name == "PATH"
    ]
    bin_folder = flink_home.package_folder() / "bin"
    script = tmp_path / "enter"
    script.write_text(
        "\n".join(
            [
                "#!/usr/bin/env bash",
                *exports,
                f"export PYTHONPATH={image}",
                f"cd {image}",
                f'flink() {{ bash {bin_folder / "flink"} "$@"; }}',
                '"$@"',
                "",
            ]
        )
    )
    script.chmod(0o755)
    reach = ComposeSettings(
        command=str(script), kafka_inside=stack_settings.kafka_address, job_folder=str(image)
    )
    own_folder = {"data_folder": tmp_path / "compose"}
    return ComposeStack(stack_settings.model_copy(update=own_folder), reach)


def test_a_run_is_judged_and_leaves_the_cluster_as_it_was(
    containers: ComposeStack, stack_settings: StackSettings, tmp_path: Path
) -> None:
    thresholds = tmp_path / "patient.toml"
    thresholds.write_text(PATIENT)
    replay = {"rate_per_min": 6_000, "incidents": 8, "duration_s": 8, "warm_up_s": 2}
    plan = RunPlan(replay=ReplaySettings.parse(replay), thresholds_file=thresholds)
    containers.require_code(hash_of(ROOT / "job"))
    before = LocalStack(stack_settings).status()
    folder, evaluation = simulate(
        plan,
        Phases(Console()),
        tmp_path / "runs",
        replays=tmp_path / "replays",
        attached=containers,
    )
    (delivery,) = (each for each in evaluation.judges if each.judge == "delivery")
    assert delivery.verdict == "pass", delivery.reason
    assert "taskmanager" not in (folder / "history" / "job.json").read_text().partition("cpu_s")[2]
    assert LocalStack(stack_settings).status() == before
    assert containers.require_room(1) == before_taskmanagers(stack_settings)


def before_taskmanagers(settings: StackSettings) -> int:
    return LocalStack(settings).rest.overview().taskmanagers


def test_other_code_in_the_image_is_refused(containers: ComposeStack) -> None:
    with pytest.raises(StackError, match="build it anew"):
        containers.require_code("of another commit")
