"""The job of another commit is what stood there, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.settings import SettingsError
from workbench.revision import extract_job, resolve


def test_the_head_is_a_commit() -> None:
    assert len(resolve("HEAD")) == 40


def test_a_reference_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="'no-such-branch' is no commit"):
        resolve("no-such-branch")


def test_the_job_alone_is_put_into_the_folder(tmp_path: Path) -> None:
    folder = extract_job(resolve("HEAD"), tmp_path / "base")
    assert [each.name for each in folder.iterdir()] == ["job"]
    assert (folder / "job" / "contracts.py").exists()
