"""What do `paystream stack up` and `down` do to who uses the stack?"""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from stack.local import LocalStack
from stack.process import StackError
from stack.settings import ENV_PREFIX, PORT_FIELDS, StackSettings
from workbench import cli


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StackSettings:
    """Of a stack of its own, of which the command line is told by the environment."""
    settings = StackSettings.with_free_ports(tmp_path)
    monkeypatch.setenv(f"{ENV_PREFIX}DATA_FOLDER", str(tmp_path))
    for name in PORT_FIELDS:
        monkeypatch.setenv(f"{ENV_PREFIX}{name.upper()}", str(getattr(settings, name)))
    return settings


def test_it_restarts_nothing_under_a_run(
    settings: StackSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def up(_stack: LocalStack, **_: object) -> tuple[str, ...]:
        raise AssertionError("services of a run are worked on")

    monkeypatch.setattr(LocalStack, "up", up)
    with LocalStack(settings).reserved("run-1"):
        result = CliRunner().invoke(cli.app, ["stack", "up", "--jit", "full"])
    assert isinstance(result.exception, StackError)
    assert "in use by run-1" in str(result.exception)


def test_it_is_not_stopped_under_a_run_but_by_force(
    settings: StackSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[bool] = []

    def down(_stack: LocalStack) -> tuple[str, ...]:
        stopped.append(True)
        return ("kafka",)

    monkeypatch.setattr(LocalStack, "down", down)
    with LocalStack(settings).reserved("run-1"):
        refused = CliRunner().invoke(cli.app, ["stack", "down"])
        assert not stopped
        forced = CliRunner().invoke(cli.app, ["stack", "down", "--force"])
    assert isinstance(refused.exception, StackError)
    assert "in use by run-1" in str(refused.exception)
    assert "--force" in str(refused.exception)
    assert forced.output == "stopped kafka\n"
    assert "stopped kafka" in CliRunner().invoke(cli.app, ["stack", "down"]).output
    assert len(stopped) == 2
