"""What did the job look like at another commit?"""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

from generator.settings import SettingsError
from workbench.machine import PROJECT_ROOT


def resolve(reference: str) -> str:
    """The commit that a branch, tag or abbreviation names.

    Raises
    ------
    SettingsError
        If there is none.
    """
    done = _git("rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}")
    if done.returncode:
        raise SettingsError(f"base: {reference!r} is no commit, branch or tag of this repository")
    return done.stdout.decode().strip()


def version_before() -> str:
    """The commit that has the job as it was before its last change, committed or not.

    Raises
    ------
    SettingsError
        If this clone does not reach back so far.
    """
    if _git("diff", "--quiet", "HEAD", "--", "job").returncode:
        return resolve("HEAD")
    changed = _git("log", "-1", "--format=%H", "--", "job").stdout.decode().strip()
    try:
        return resolve(f"{changed}^")
    except SettingsError:
        raise SettingsError(
            "base: this clone has no commit before the last change of job/; name one, or fetch more"
        ) from None


def extract_job(commit: str, folder: Path) -> Path:
    """Put the job of a commit into a folder; gives the folder.

    Raises
    ------
    SettingsError
        If that commit has no job.
    """
    done = _git("archive", "--format=tar", commit, "job")
    if done.returncode:
        raise SettingsError(f"base: commit {commit[:12]} has no job/")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["git", "-C", str(PROJECT_ROOT), *arguments], capture_output=True, check=False
    )
