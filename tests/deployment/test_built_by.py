"""Does only what `main` built, and for production what staging held, get the login to a cluster?

Number and commit are typed by a person. A run of anybody's pull request has a number, too, its
commit can be checked out by it, and it may hand on files of any name.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from tests.deployment.workflows import ROOT, commands, named, steps

COMMIT: Final = "a" * 40
BUILT: Final = {
    "path": ".github/workflows/image.yml",
    "event": "push",
    "head_branch": "main",
    "head_sha": COMMIT,
    "conclusion": "success",
}


@pytest.fixture
def asked(tmp_path: Path) -> Any:
    """Asks the script about a run that GitHub tells these things of."""
    gh = tmp_path / "gh"
    gh.write_text('#!/usr/bin/env bash\necho "$@" >"$ASKED"\nprintf "%b" "$SAID"\n')
    gh.chmod(0o755)

    def ask(overlay: str, run: str = "42", commit: str = COMMIT, **told: str) -> Any:
        said = "\t".join((BUILT | told).values())
        return subprocess.run(
            ("bash", "tools/built_by.sh", run, commit, overlay),
            cwd=ROOT,
            env={
                "PATH": f"{tmp_path}:{os.environ['PATH']}",
                "GITHUB_REPOSITORY": "me/paystream",
                "ASKED": str(tmp_path / "asked"),
                "SAID": f"{said}\n",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    return ask


def test_what_main_built_and_staging_held_goes_to_production(asked: Any, tmp_path: Path) -> None:
    assert asked("production").returncode == 0
    assert "repos/me/paystream/actions/runs/42" in (tmp_path / "asked").read_text()


def test_a_run_under_way_brings_its_own_images_to_staging(asked: Any) -> None:
    assert asked("staging", conclusion="none").returncode == 0


def test_github_may_say_of_which_ref_the_workflow_was(asked: Any) -> None:
    assert asked("staging", path=".github/workflows/image.yml@refs/heads/main").returncode == 0


@pytest.mark.parametrize(
    "told",
    [
        {"path": ".github/workflows/checks.yml"},
        {"event": "pull_request"},
        {"head_branch": "somebody-s"},
        {"head_sha": "b" * 40},
    ],
    ids=lambda told: next(iter(told)),
)
@pytest.mark.parametrize("overlay", ["staging", "production"])
def test_what_main_did_not_build_goes_nowhere(
    asked: Any, overlay: str, told: dict[str, str]
) -> None:
    done = asked(overlay, **told)
    assert done.returncode == 2
    assert next(iter(told.values())) in done.stderr


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "none"])
def test_what_staging_did_not_hold_stays_away_from_production(asked: Any, conclusion: str) -> None:
    done = asked("production", conclusion=conclusion)
    assert done.returncode == 2
    assert conclusion in done.stderr


@pytest.mark.parametrize(("run", "commit"), [("../../x", COMMIT), ("42", "main"), ("42", "a" * 39)])
def test_what_is_no_number_or_no_commit_asks_nobody(
    asked: Any, tmp_path: Path, run: str, commit: str
) -> None:
    assert asked("staging", run=run, commit=commit).returncode == 2
    assert not (tmp_path / "asked").exists()


def test_the_workflow_asks_before_anything_of_that_commit_is_there() -> None:
    workflow = named("deploy")
    assert ["tools/built_by.sh", '"$BUILT_BY"', '"$COMMIT"', '"$OVERLAY"'] in list(
        commands(workflow)
    )
    before = []
    for step in steps(workflow):
        if "tools/built_by.sh" in step.get("run", ""):
            break
        before.append(step)
    # Its own version of the script, and nothing else.
    assert [each["uses"].partition("@")[0] for each in before] == ["actions/checkout"]
    assert "ref" not in before[0]["with"]
