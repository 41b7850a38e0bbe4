"""Is the Dockerfile sound: linted, bases pinned, nobody root, all there that it copies?"""

from __future__ import annotations

import fnmatch
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.deployment import compose_file, dockerfile
from tests.deployment.compose_file import ROOT

DOCKERFILE = ROOT / "Dockerfile"
TEXT = DOCKERFILE.read_text(encoding="utf-8")
STAGES = dockerfile.stages(TEXT)
HADOLINT = Path(sys.executable).with_name("hadolint")
IMAGES = ("flink", "workbench")
#: The broker's image is as its makers have it: user, entry point, scripts.
ON_ANOTHERS = ("kafka",)


def lint(file: Path) -> str:
    done = subprocess.run((HADOLINT, "--no-color", str(file)), capture_output=True, text=True)
    return done.stdout


def test_hadolint_finds_nothing() -> None:
    assert lint(DOCKERFILE) == ""


def test_hadolint_finds_what_is_wrong(tmp_path: Path) -> None:
    """The negative control."""
    file = tmp_path / "Dockerfile"
    file.write_text("FROM python:latest\nRUN cd /tmp && apt-get install curl\n")
    assert "DL3007" in lint(file)


def unpinned(text: str) -> list[str]:
    """Stages on an image that is not told by digest."""
    defaults, found = dockerfile.arguments(text), dockerfile.stages(text)
    wrong = []
    for stage in found.values():
        base = re.sub(r"\$\{(\w+)\}", lambda name: defaults[name[1]], stage.base)
        if base not in found and not re.search(r":[\w.-]+@sha256:[0-9a-f]{64}$", base):
            wrong.append(stage.name)
    return wrong


def test_every_base_is_pinned_by_digest_and_says_its_version() -> None:
    assert unpinned(TEXT) == []


def test_a_base_without_digest_is_found() -> None:
    """The negative control."""
    assert unpinned("FROM python:3.11 AS a\nFROM a AS b\n") == ["a"]


@pytest.mark.parametrize("image", IMAGES)
def test_nobody_is_root(image: str) -> None:
    user = STAGES[image].last("USER")
    assert user is not None
    # By number, or Kubernetes cannot know that it is not root.
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user.text)


def test_the_images_of_the_compose_file_are_stages() -> None:
    builds = [
        each["build"]["target"]
        for each in compose_file.services(compose_file.read()).values()
        if "build" in each
    ]
    assert set(builds) == {*IMAGES, *ON_ANOTHERS}
    assert set(builds) <= STAGES.keys()


@pytest.mark.parametrize("image", ON_ANOTHERS)
def test_files_alone_are_added_to_anothers_image(image: str) -> None:
    assert {each.name for each in STAGES[image].instructions} == {"COPY"}


def copies_of_the_checkout(text: str) -> list[str]:
    return [
        source
        for stage in dockerfile.stages(text).values()
        for each in stage.instructions
        if each.name == "COPY" and "from" not in each.flags
        for source in each.words[:-1]
    ]


def sent(path: str, patterns: list[str]) -> bool:
    """Whether a path of the checkout is sent to the builder, after the rules of .dockerignore."""
    verdict = True
    for pattern in patterns:
        keep = pattern.startswith("!")
        name = pattern.removeprefix("!").removeprefix("**/")
        parts = path.split("/")
        ways = ["/".join(parts[: n + 1]) for n in range(len(parts))]
        if any(fnmatch.fnmatch(way, name) for way in ways) or (
            "**/" in pattern and any(fnmatch.fnmatch(part, name) for part in parts)
        ):
            verdict = keep
    return verdict


IGNORE = [
    line
    for line in (ROOT / ".dockerignore").read_text().splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize("source", sorted(set(copies_of_the_checkout(TEXT))))
def test_what_is_copied_is_there_and_sent_to_the_builder(source: str) -> None:
    assert (ROOT / source).exists()
    assert sent(source, IGNORE)


@pytest.mark.parametrize("path", [".git/config", "runs/x", ".venv/bin", "job/java/target/x.jar"])
def test_what_is_of_no_use_is_not_sent(path: str) -> None:
    assert not sent(path, IGNORE)


def test_flink_s_image_has_the_job_and_nothing_of_the_workbench() -> None:
    assert {each for each in copies_of_the_checkout(TEXT) if "compose/" not in each} >= {"job"}
    flink = "\n".join(each.text for each in STAGES["flink"].instructions if each.name == "COPY")
    assert not re.search(r"\b(workbench|generator|evaluation|dashboard|stack|scenarios)\b", flink)


# The job's own lock


def pins(file: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Version and hashes by package."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    text = file.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        match = re.match(r"([\w.-]+)==(\S+)", line)
        if match:
            hashes = frozenset(re.findall(r"--hash=(sha256:[0-9a-f]{64})", line))
            found[match[1]] = (match[2], hashes)
    return found


def test_the_job_runs_with_the_very_packages_it_was_tested_with() -> None:
    """Else: the command at the top of job/requirements.in."""
    job, all_of_them = pins(ROOT / "job/requirements.lock"), pins(ROOT / "requirements.lock")
    assert len(job) > 10
    assert {name: pin for name, pin in job.items() if all_of_them.get(name) != pin} == {}
    assert all(hashes for _, hashes in job.values())


def test_the_job_s_lock_has_what_the_job_imports() -> None:
    imported = {
        match
        for file in (ROOT / "job").rglob("*.py")
        for match in re.findall(r"^(?:from|import) (\w+)", file.read_text(), re.MULTILINE)
    }
    foreign = imported - set(sys.stdlib_module_names) - {"job"}
    packages = {"pyflink": "apache-flink"}
    assert {packages.get(name, name) for name in foreign} <= pins(
        ROOT / "job/requirements.lock"
    ).keys()


def test_the_version_of_the_images_is_the_project_s() -> None:
    compose = yaml.safe_load(compose_file.COMPOSE.read_text())
    project = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert project is not None
    for each in compose["services"].values():
        if each["image"].startswith("paystream/"):
            assert each["image"].endswith(f":{project[1]}")
