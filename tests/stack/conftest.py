"""What do the tests of the stack share?"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack.process import Service, records, stop
from stack.settings import StackSettings

# Runs on the cluster; to look into it for doctests would import PyFlink.
collect_ignore = ["trivial_job.py"]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("PAYSTREAM_STACK_"):
            monkeypatch.delenv(name)


@pytest.fixture
def settings(tmp_path: Path) -> StackSettings:
    """Settings of a stack that is not started."""
    return StackSettings.with_free_ports(tmp_path / "stack")


@pytest.fixture
def python_service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Makes services that run a few lines of Python; ends them after the test."""

    def make(code: str, name: str = "sample") -> Service:
        return Service(
            name=name,
            command=(sys.executable, "-c", code),
            environment=dict(os.environ),
            working_folder=tmp_path,
            folder=tmp_path / "services" / name,
            address="nowhere",
        )

    yield make
    for pid_file, _ in list(records(tmp_path / "services")):
        stop(pid_file, grace_s=0.2)
