"""Does the state that was filled go away without taking with it what was measured on it?"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stack.process import StackError
from workbench import state_fill
from workbench.state_fill import filled_state


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A stack whose JobManager answers until the state is filled, and never after."""
    monkeypatch.setattr(state_fill, "stage_job", lambda *_: tmp_path / "main.py")
    monkeypatch.setattr(state_fill, "submit", lambda *_: "job")
    for wait in ("_await_cards", "_await_merged"):
        monkeypatch.setattr(state_fill, wait, lambda *_: None)
    monkeypatch.setattr(state_fill, "_checkpoint", lambda *_: SimpleNamespace(id=7))
    asked: list[str] = []

    def cancel(job_id: str) -> None:
        asked.append(job_id)
        if len(asked) > 1:
            raise StackError("no JobManager answers")

    def remove(_: str) -> None:
        raise StackError("checkpoints/job cannot be removed from the object store")

    settings = SimpleNamespace(data_folder=tmp_path, checkpoint_uri="s3://checkpoints")
    rest = SimpleNamespace(cancel=cancel, wait_running=lambda _: None)
    return SimpleNamespace(settings=settings, rest=rest, remove_checkpoints=remove)


def fill(stack: Any, inside: Exception | None = None) -> str:
    with filled_state(stack, Path("profiles"), 10, 64, lambda *_: None) as filled:
        if inside is not None:
            raise inside
    return filled.location


def test_what_cannot_be_removed_is_told_and_costs_nobody_the_results(
    gone: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fill(gone) == "s3://checkpoints/job/chk-7"
    said = capsys.readouterr().err
    assert "no JobManager answers" in said
    assert "checkpoints/job cannot be removed" in said


def test_it_does_not_hide_what_went_wrong_before(gone: Any) -> None:
    with pytest.raises(StackError, match="taskmanager-0 died"):
        fill(gone, StackError("taskmanager-0 died while starting"))
