"""Does bootstrap install what is missing, and say what no package brings?"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "bootstrap.sh"
NEEDED = ("python3.11", "java", "javac", "mvn", "gcc")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder that is all of PATH: the shell's own tools, and an apt that only notes its calls."""
    for name in ("sed", "dpkg"):
        found = shutil.which(name)
        assert found is not None
        (tmp_path / name).symlink_to(found)
    program(tmp_path, "sudo", 'exec "$@"')
    program(tmp_path, "apt-get", f'echo "$*" >> {tmp_path}/apt.log')
    return tmp_path


def program(folder: Path, name: str, text: str = "") -> None:
    file = folder / name
    file.write_text(f"#!/bin/bash\n{text}\n")
    file.chmod(0o755)


def bootstrap(
    machine: Path, has: Iterable[str], debian_s_go: str = "2:1.19~1"
) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run it; gives how it ended, and the line of what apt was to install."""
    for name in has:
        program(machine, name)
    policy = f"golang-go:\\n  Installed: (none)\\n  Candidate: {debian_s_go}\\n"
    program(machine, "apt-cache", f'printf "{policy}"')
    done = subprocess.run(
        ["/bin/bash", str(SCRIPT)],
        env={"PATH": str(machine)},
        capture_output=True,
        text=True,
        check=False,
    )
    log = machine / "apt.log"
    calls = log.read_text().splitlines() if log.exists() else []
    return done, next((call for call in calls if call.startswith("install")), "")


def test_nothing_is_installed_where_all_is_there(machine: Path) -> None:
    done, installed = bootstrap(machine, (*NEEDED, "go"))
    assert (done.returncode, done.stdout, installed) == (0, "nothing is missing\n", "")


def test_what_is_missing_is_installed(machine: Path) -> None:
    done, installed = bootstrap(machine, ("python3.11", "gcc", "go"))
    assert done.returncode == 0, done.stderr
    assert installed.endswith("openjdk-17-jdk-headless maven")
    assert "go is missing" not in done.stdout


def test_go_is_installed_where_debian_s_is_new_enough(machine: Path) -> None:
    done, installed = bootstrap(machine, NEEDED, debian_s_go="2:1.24~2")
    assert done.returncode == 0, done.stderr
    assert installed.endswith(" golang-go")
    assert "go is missing" not in done.stdout


@pytest.mark.parametrize("debian_s_go", ["2:1.19~1", "2:1.9~1", "(none)"])
def test_a_go_that_debian_has_not_is_said_and_is_no_failure(
    machine: Path, debian_s_go: str
) -> None:
    done, installed = bootstrap(machine, NEEDED, debian_s_go)
    assert (done.returncode, installed) == (0, "")
    assert "install Go 1.24 or newer" in done.stdout


def test_without_apt_it_says_what_to_install(machine: Path) -> None:
    (machine / "apt-get").unlink()
    done, _ = bootstrap(machine, ("python3.11", "java", "javac", "gcc"))
    assert done.returncode == 2
    assert done.stderr.endswith("maven\n")
    assert "install Go" in done.stdout
