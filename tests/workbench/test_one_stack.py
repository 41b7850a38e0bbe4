"""Is a stack stopped at the end of what it was started for, whatever comes meanwhile?"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from stack.local import LocalStack
from stack.process import ProcessRecord, StackError, is_alive
from stack.settings import StackSettings
from tests.stubborn import DEAF, hears_ctrl_c, immortal, presses_ctrl_c, service
from workbench.console import Phases
from workbench.live_controls.order import try_live
from workbench.one_stack import one_stack


@pytest.fixture
def settings(tmp_path: Path) -> StackSettings:
    return StackSettings(data_folder=tmp_path / "stack", stop_grace_s=0.3)


@pytest.fixture
def started() -> Iterator[ExitStack]:
    """Ends what a test starts."""
    with hears_ctrl_c(), ExitStack() as services:
        yield services


def test_ctrl_c_while_it_is_stopped_leaves_nothing_running(
    settings: StackSettings, started: ExitStack
) -> None:
    def share() -> None:
        with one_stack(settings):
            for name, code in (("taskmanager-0", presses_ctrl_c()), ("kafka", DEAF)):
                started.enter_context(service(settings.data_folder, name, code))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        share()
    assert LocalStack(settings).running() == []


def test_one_that_does_not_end_is_told_and_costs_nobody_the_results(
    settings: StackSettings, started: ExitStack, capsys: pytest.CaptureFixture[str]
) -> None:
    with one_stack(settings):
        record = started.enter_context(immortal(settings.data_folder, "taskmanager-0"))
    assert f"taskmanager-0 (pid {record.pid}) does not end" in capsys.readouterr().err


def test_what_was_running_before_is_left(settings: StackSettings, started: ExitStack) -> None:
    kafka = started.enter_context(service(settings.data_folder, "kafka", DEAF))
    with one_stack(settings):
        pass
    assert is_alive(kafka)


@pytest.mark.parametrize("lives_on", [False, True])
def test_the_controls_stack_goes_with_its_folder_unless_it_lives_on(
    lives_on: bool,
    started: ExitStack,
    quiet: Phases,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    records: list[ProcessRecord] = []

    def up(stack: LocalStack) -> None:
        folder = stack.settings.data_folder
        if lives_on:
            started.enter_context(immortal(folder, "jobmanager"))
        first = started.enter_context(service(folder, "taskmanager-0", presses_ctrl_c()))
        records.extend((first, started.enter_context(service(folder, "kafka", DEAF))))
        raise StackError("kafka died while starting")

    monkeypatch.setenv("PAYSTREAM_STACK_STOP_GRACE_S", "0.3")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(LocalStack, "up", up)
    with pytest.raises(KeyboardInterrupt):
        try_live(quiet, tmp_path, [])
    assert not any(map(is_alive, records))
    left = [each.name for each in tmp_path.rglob("*.pid.json")]
    assert left == (["jobmanager.pid.json"] if lives_on else [])
    assert bool(list(tmp_path.iterdir())) is lives_on
