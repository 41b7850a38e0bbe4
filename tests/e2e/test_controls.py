"""Is what is broken on purpose noticed on real Kafka and Flink?

One run after the other on one stack: the unbroken one first, then a control at a time.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from evaluation.evaluate import Evaluation
from stack.settings import StackSettings
from workbench.console import Phases
from workbench.live_controls import live_control_classes
from workbench.live_controls.order import run_unbroken, try_one

pytestmark = [pytest.mark.stack, pytest.mark.slow]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("controls")


@pytest.fixture(scope="module")
def unbroken(stack_settings: StackSettings, folder: Path) -> Evaluation:
    return run_unbroken(Phases(Console()), folder / "runs", stack_settings, folder / "replays")


def test_the_unbroken_run_loses_and_repeats_nothing(unbroken: Evaluation) -> None:
    delivery = unbroken.judge("delivery")
    assert delivery is not None
    assert delivery.verdict == "pass", delivery.reason


@pytest.mark.parametrize("name", live_control_classes())
def test_the_judge_that_is_meant_to_notice_does(
    name: str,
    unbroken: Evaluation,
    stack_settings: StackSettings,
    folder: Path,
    tmp_path: Path,
) -> None:
    control = live_control_classes()[name](tmp_path)
    tried = try_one(
        control, unbroken, Phases(Console()), folder / "runs", stack_settings, folder / "replays"
    )
    assert tried.outcome == "caught", tried
