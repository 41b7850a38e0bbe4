"""Does bootstrap install what is missing, and say what no package brings?"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from stack.doctor import JAVA_FIRST, JAVA_LAST

SCRIPT = Path(__file__).parents[2] / "tools" / "bootstrap.sh"
NEEDED = ("python3.11", "java", "javac", "mvn", "make", "gcc")
#: What a program does instead of nothing.
TEXTS = {"java": "echo 'openjdk version \"17.0.19\" 2026-04-21' >&2"}


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder that is all of PATH: the shell's own tools, and an apt that notes its calls.

    It installs nothing but a JDK, which is asked for once more afterwards.
    """
    for name in ("sed", "dpkg"):
        found = shutil.which(name)
        assert found is not None
        (tmp_path / name).symlink_to(found)
    program(tmp_path, "sudo", 'exec "$@"')
    packaged = tmp_path / "packaged"
    packaged.mkdir()
    for name in ("java", "javac"):
        program(packaged, name)
    program(
        tmp_path,
        "apt-get",
        f'echo "$*" >> {tmp_path}/apt.log\n'
        f"[[ $* != install*openjdk-17* ]] || {shutil.which('cp')} {packaged}/* {tmp_path}",
    )
    return tmp_path


def program(folder: Path, name: str, text: str | None = None) -> None:
    file = folder / name
    file.write_text(f"#!/bin/bash\n{TEXTS.get(name, '') if text is None else text}\n")
    file.chmod(0o755)


def bootstrap(
    machine: Path, has: Iterable[str], debian_s_go: str = "2:1.19~1", **variables: str
) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run it; gives how it ended, and the line of what apt was to install."""
    for name in has:
        program(machine, name)
    policy = f"golang-go:\\n  Installed: (none)\\n  Candidate: {debian_s_go}\\n"
    program(machine, "apt-cache", f'printf "{policy}"')
    done = subprocess.run(
        ["/bin/bash", str(SCRIPT)],
        env={"PATH": str(machine), **variables},
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
    done, installed = bootstrap(machine, ("python3.11", "make", "gcc", "go"))
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
    done, _ = bootstrap(machine, ("python3.11", "java", "javac", "make", "gcc"))
    assert done.returncode == 2
    assert done.stderr.endswith("maven\n")
    assert "install Go" in done.stdout


def java_that_says(machine: Path, version: str) -> None:
    program(machine, "java", f"echo 'openjdk version \"{version}\"' >&2")


def test_a_python_without_venv_is_no_python(machine: Path) -> None:
    others = [name for name in (*NEEDED, "go") if name != "python3.11"]
    program(machine, "python3.11", '[[ $* != *ensurepip* ]] || { echo "No module" >&2; exit 1; }')
    done, installed = bootstrap(machine, others)
    assert done.returncode == 0, done.stderr
    assert installed.endswith(" python3.11 python3.11-venv")


@pytest.mark.parametrize("version", ["1.8.0_412", f"{JAVA_FIRST - 1}.0.2", str(JAVA_LAST + 1)])
def test_a_jdk_that_the_doctor_refuses_is_none(machine: Path, version: str) -> None:
    java_that_says(machine, version)
    done, installed = bootstrap(machine, [name for name in (*NEEDED, "go") if name != "java"])
    assert done.returncode == 0, done.stderr
    assert installed.endswith(" openjdk-17-jdk-headless")


@pytest.mark.parametrize("version", [f"{JAVA_FIRST}.0.19", f"{JAVA_LAST}-ea"])
def test_a_jdk_that_the_doctor_takes_stays(machine: Path, version: str) -> None:
    java_that_says(machine, version)
    done, installed = bootstrap(machine, [name for name in (*NEEDED, "go") if name != "java"])
    assert (done.returncode, done.stdout, installed) == (0, "nothing is missing\n", "")


def test_a_java_home_of_another_version_is_said_after_the_installation(machine: Path) -> None:
    home = machine / "jdk-11" / "bin"
    home.mkdir(parents=True)
    java_that_says(home, "11.0.2")
    program(home, "javac")
    done, installed = bootstrap(machine, (*NEEDED, "go"), JAVA_HOME=str(home.parent))
    assert installed.endswith(" openjdk-17-jdk-headless")
    assert done.returncode == 2
    assert "let JAVA_HOME point to openjdk-17 or unset it" in done.stderr
