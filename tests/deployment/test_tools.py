"""Do the scripts of the workflows pass on what they are given, and end with its exit code?"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deployment.workflows import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the scripts, and a `paystream` that says how it was called."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    program = tmp_path / ".venv" / "bin" / "paystream"
    program.parent.mkdir(parents=True)
    program.write_text(
        "#!/usr/bin/env bash\n"
        'echo "$@"; cat "$KUBECONFIG"; stat -c %a "$KUBECONFIG"; echo "$KUBECONFIG" > where\n'
        'echo "text=${KUBECONFIG_TEXT-unset}"; exit "${ENDS_WITH:-0}"\n'
    )
    program.chmod(0o755)
    digests = tmp_path / "digests"
    digests.mkdir()
    (digests / "flink-job").write_text("paystream/flink-job=r/flink-job@sha256:1\n")
    (digests / "workbench").write_text("paystream/workbench=r/workbench@sha256:2\n")
    return tmp_path


def call(checkout: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], **variables}
    return subprocess.run(
        ("bash", *words), cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )


def test_every_image_is_deployed_with_the_login_of_the_environment(checkout: Path) -> None:
    done = call(checkout, "tools/deploy.sh", "staging", "digests", KUBECONFIG_TEXT="login")
    assert done.returncode == 0, done.stderr
    command, login, mode, text = done.stdout.splitlines()
    assert command == (
        "deploy k8s/overlays/staging --image paystream/flink-job=r/flink-job@sha256:1 "
        "--image paystream/workbench=r/workbench@sha256:2 --out deployments/staging"
    )
    assert (login, mode, text) == ("login", "600", "text=unset")
    assert not Path((checkout / "where").read_text().strip()).exists()


@pytest.mark.parametrize("code", ["1", "2", "3"])
def test_the_exit_code_is_passed_on(checkout: Path, code: str) -> None:
    done = call(
        checkout, "tools/deploy.sh", "staging", "digests", KUBECONFIG_TEXT="x", ENDS_WITH=code
    )
    assert done.returncode == int(code)


def test_nothing_is_deployed_without_login_or_images(checkout: Path) -> None:
    for words, variables in (
        (("staging", "digests"), {}),
        (("staging", "nowhere"), {"KUBECONFIG_TEXT": "x"}),
    ):
        done = call(checkout, "tools/deploy.sh", *words, **variables)
        assert done.returncode == 2
        assert done.stdout == ""


def test_the_newest_page_is_shown(checkout: Path) -> None:
    for name in ("20260101T000000-ci", "20260102T000000-ci", "20260103T000000-ci"):
        (checkout / "gates" / name).mkdir(parents=True)
    for name in ("20260101T000000-ci", "20260102T000000-ci"):
        (checkout / "gates" / name / "summary.md").write_text(f"of {name}\n")
    summary = checkout / "summary"
    call(checkout, "tools/summary.sh", "gates", "summary.md", GITHUB_STEP_SUMMARY=str(summary))
    assert summary.read_text() == "of 20260102T000000-ci\n"


def test_a_run_that_wrote_none_is_said(checkout: Path) -> None:
    done = call(checkout, "tools/summary.sh", "gates", "summary.md")
    assert done.returncode == 0
    assert "ended before it was written" in done.stdout


def test_a_tool_that_is_not_known_is_refused(checkout: Path) -> None:
    done = call(checkout, "tools/go_tools.sh", "no-such-tool")
    assert done.returncode == 2
    assert "none of" in done.stderr
