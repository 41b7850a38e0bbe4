"""Does a stack go down as far as it can, and is what stays up named?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from stack.local import LocalStack
from stack.process import StackError, is_alive, read_record
from stack.settings import StackSettings
from tests.stubborn import DEAF, hears_ctrl_c, immortal, presses_ctrl_c, service


@pytest.fixture
def stack(settings: StackSettings) -> LocalStack:
    return LocalStack(settings.model_copy(update={"stop_grace_s": 0.3}))


def test_one_service_that_does_not_end_keeps_no_other_up(stack: LocalStack) -> None:
    folder = stack.settings.data_folder
    with (
        # A TaskManager is the first to be stopped.
        immortal(folder, "taskmanager-0") as first,
        immortal(folder, "jobmanager") as second,
        service(folder, "kafka", DEAF) as kafka,
    ):
        said = f"taskmanager-0 (pid {first.pid}) does not end, even by SIGKILL; "
        said += f"jobmanager (pid {second.pid}) does not end, even by SIGKILL"
        with pytest.raises(StackError, match=re.escape(said)):
            stack.down()
        assert not is_alive(kafka)
        assert {each.name for each in stack.running()} == {"taskmanager-0", "jobmanager"}


def test_what_does_not_end_can_be_found_again(stack: LocalStack) -> None:
    folder = stack.settings.data_folder
    with immortal(folder, "taskmanager-0") as record:
        with pytest.raises(StackError, match="does not end"):
            stack.down()
        assert read_record(folder / "taskmanager-0" / "taskmanager-0.pid.json") == record
    assert stack.down() == ()


def test_a_pid_file_that_cannot_be_removed_keeps_no_other_up(
    stack: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = stack.settings.data_folder
    remove = Path.unlink

    def refuse(path: Path, **options: bool) -> None:
        if path.name == "taskmanager-0.pid.json":
            raise PermissionError(13, "Permission denied")
        remove(path, **options)

    with service(folder, "taskmanager-0", DEAF), service(folder, "kafka", DEAF) as kafka:
        monkeypatch.setattr(Path, "unlink", refuse)
        with pytest.raises(StackError, match=r"^taskmanager-0: .*Permission denied"):
            stack.down()
        assert not is_alive(kafka)


def test_a_second_ctrl_c_leaves_nothing_of_what_an_interrupted_start_began(
    stack: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = stack.settings.data_folder
    names = ("kafka", "taskmanager-0")

    def interrupted(_stack: LocalStack, _phases: Any, started: list[Path]) -> None:
        started += [folder / name / f"{name}.pid.json" for name in names]
        raise KeyboardInterrupt

    monkeypatch.setattr(LocalStack, "_bring_up", interrupted)
    with (
        hears_ctrl_c(),
        service(folder, "kafka", DEAF),
        service(folder, "taskmanager-0", presses_ctrl_c()),
    ):
        with pytest.raises(KeyboardInterrupt):
            stack.up()
        assert stack.running() == []
