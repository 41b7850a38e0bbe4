"""Does make repair a half-made environment, and hold what Maven brings against its hashes?"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import pytest

ROOT: Final = Path(__file__).parents[2]
LOCKS: Final = ("requirements.lock", "requirements-uv.lock", "pyproject.toml")
#: A Python that notes how it is called; its `-m venv` makes one that has pip.
BASE_PYTHON: Final = """#!/bin/bash
echo "$*" >> calls
mkdir -p .venv/bin
printf '#!/bin/bash\\n' > .venv/bin/python
cp .venv/bin/python .venv/bin/uv
chmod +x .venv/bin/python .venv/bin/uv
"""
WITHOUT_PIP: Final = (
    "#!/bin/bash\n[[ $* != *'-m pip'* ]] || { echo 'No module named pip'; exit 1; }\n"
)
#: Targets that fetch with Maven, and the folders in which jars.sha256 lists what comes.
FETCHED: Final = {
    ".local/jars/.installed": ("kafka", "flink-connector", "flink-s3", "monitoring"),
    ".local/jars/elasticsearch/.installed": ("elasticsearch",),
    ".local/kubernetes/.installed": ("flink-operator",),
    ".local/jars/autoscaler/.installed": ("autoscaler",),
}
POM: Final = "{http://maven.apache.org/POM/4.0.0}"


def make(folder: Path, *words: str) -> str:
    """What it printed; it has to succeed."""
    # Under `make test`, make's own variables would tell this one what to do.
    unset = [part for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS") for part in ("-u", name)]
    done = subprocess.run(
        ["env", *unset, "make", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The Makefile and what its environment is made of, and a Python to make it with."""
    for name in ("Makefile", *LOCKS):
        shutil.copy(ROOT / name, tmp_path)
    python = tmp_path / "base-python"
    python.write_text(BASE_PYTHON)
    python.chmod(0o755)
    return tmp_path


def venvs_made(checkout: Path) -> list[str]:
    make(checkout, ".venv/.installed", "PYTHON=./base-python")
    calls = checkout / "calls"
    return calls.read_text().splitlines() if calls.exists() else []


def test_an_environment_without_pip_is_made_anew(checkout: Path) -> None:
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(WITHOUT_PIP)
    python.chmod(0o755)
    assert venvs_made(checkout) == ["-m venv --clear .venv"]


def test_an_environment_that_works_is_kept(checkout: Path) -> None:
    assert venvs_made(checkout) == ["-m venv --clear .venv"]
    # A lock that is newer asks for its packages, and for no other environment.
    (checkout / ".venv" / ".installed").unlink()
    assert venvs_made(checkout) == ["-m venv --clear .venv"]


@pytest.mark.parametrize(("target", "folders"), FETCHED.items())
def test_what_maven_brings_is_compared_before_it_is_taken(
    target: str, folders: tuple[str, ...]
) -> None:
    printed = make(ROOT, "--dry-run", "--always-make", target)
    _, fetch, then = printed.partition("dependency:copy-dependencies")
    assert fetch
    compares = re.search(r"tools/verify_jars\.sh (?:--below \S+ )?([\w -]+)$", then, re.MULTILINE)
    assert compares is not None
    assert tuple(compares[1].split()) == folders
    assert f"touch {target}" in then[compares.end() :]


def test_every_folder_that_maven_fills_has_its_hashes() -> None:
    lines = (ROOT / "jars.sha256").read_text().splitlines()
    listed = {line.split()[1].partition("/")[0] for line in lines}
    assert listed == {folder for folders in FETCHED.values() for folder in folders}


def test_every_profile_stands_in_the_list_of_what_all_is_made_of() -> None:
    pom = ElementTree.parse(ROOT / "pom.xml")  # noqa: S314 - the project's own
    profiles = pom.iterfind(f".//{POM}profile/{POM}id")
    words = make(ROOT, "--dry-run", "sbom").partition("tools.sbom ")[2].splitlines()[0].split()
    assert {str(each.text) for each in profiles} == {each for each in words if "/" not in each}
    assert "stack/autoscaler/java/pom.xml" in words
