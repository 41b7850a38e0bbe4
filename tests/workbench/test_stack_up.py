"""What does `paystream stack up` do to who uses the stack?"""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from stack.local import LocalStack
from stack.process import StackError
from stack.settings import ENV_PREFIX, PORT_FIELDS, StackSettings
from workbench import cli


def test_it_restarts_nothing_under_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = StackSettings.with_free_ports(tmp_path)
    monkeypatch.setenv(f"{ENV_PREFIX}DATA_FOLDER", str(tmp_path))
    for name in PORT_FIELDS:
        monkeypatch.setenv(f"{ENV_PREFIX}{name.upper()}", str(getattr(settings, name)))

    def up(_stack: LocalStack, **_: object) -> tuple[str, ...]:
        raise AssertionError("services of a run are worked on")

    monkeypatch.setattr(LocalStack, "up", up)
    with LocalStack(settings).reserved("run-1"):
        result = CliRunner().invoke(cli.app, ["stack", "up", "--jit", "full"])
    assert isinstance(result.exception, StackError)
    assert "in use by run-1" in str(result.exception)
