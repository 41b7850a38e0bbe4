"""The job of another commit is what stood there, and nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from generator.settings import SettingsError
from workbench import revision
from workbench.revision import extract_job, resolve, version_before


def test_the_head_is_a_commit() -> None:
    assert len(resolve("HEAD")) == 40


def test_a_reference_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="'no-such-branch' is no commit"):
        resolve("no-such-branch")


def test_the_job_alone_is_put_into_the_folder(tmp_path: Path) -> None:
    folder = extract_job(resolve("HEAD"), tmp_path / "base")
    assert [each.name for each in folder.iterdir()] == ["job"]
    assert (folder / "job" / "contracts" / "inputs.py").exists()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose job changed in its second commit, and not in its third."""
    monkeypatch.setattr(revision, "PROJECT_ROOT", tmp_path)
    git(tmp_path, "init", "-q")
    for number, file in enumerate(("job/rule.py", "job/rule.py", "docs.md")):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(str(number))
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-q", "-m", str(number))
    return tmp_path


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    done = subprocess.run(
        ["git", "-C", folder, *identity, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_version_before_is_the_last_one_that_differs(repository: Path) -> None:
    assert version_before() == git(repository, "rev-parse", "HEAD~2")


def test_of_an_uncommitted_change_it_is_the_last_commit(repository: Path) -> None:
    (repository / "job/rule.py").write_text("changed")
    assert version_before() == git(repository, "rev-parse", "HEAD")


def test_a_clone_that_does_not_reach_back_says_so(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    shallow = tmp_path_factory.mktemp("clone") / "shallow"
    git(repository, "clone", "-q", "--depth", "1", f"file://{repository}", str(shallow))
    monkeypatch.setattr(revision, "PROJECT_ROOT", shallow)
    with pytest.raises(SettingsError, match="no commit before the last change of job/"):
        version_before()
