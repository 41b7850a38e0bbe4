"""Are the workflows what GitHub takes, with few rights, pinned, and with commands that exist?"""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.deployment import workflows
from tests.deployment.schemas import problems
from tests.deployment.workflows import ACTIONS, FILES, ROOT, Workflow, commands, named, read
from tests.docs.test_commands import dry_run
from workbench.cli import app
from workbench.deployment.images import IMAGES

ALL = [*FILES, *ACTIONS]
PAYSTREAM = ".venv/bin/paystream"


def identifier(file: Path) -> str:
    return str(file.relative_to(workflows.FOLDER))


# What GitHub takes


@pytest.mark.parametrize(
    ("file", "schema"),
    [
        *((file, "vendor.github-workflows") for file in FILES),
        *((file, "vendor.github-actions") for file in ACTIONS),
    ],
)
def test_it_is_of_github_s_schema(file: Path, schema: str) -> None:
    assert problems(read(file), schema) == []


def test_another_text_is_not() -> None:
    """The negative control."""
    workflow = {True: "push", "jobs": {"a": {"runs-on": "x", "step": []}}}
    assert problems(workflow, "vendor.github-workflows") != []


@pytest.fixture(scope="session")
def actionlint() -> Path:
    subprocess.run(("bash", "tools/go_tools.sh", "actionlint"), cwd=ROOT, check=True)
    return ROOT / ".local" / "bin" / "actionlint"


@pytest.mark.slow
def test_actionlint_finds_nothing(actionlint: Path) -> None:
    done = subprocess.run(
        (actionlint, "-no-color", *FILES), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_actionlint_finds_what_is_wrong(actionlint: Path, tmp_path: Path) -> None:
    """The negative control."""
    file = tmp_path / "x.yml"
    file.write_text(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n"
        "      - run: echo ${{ github.evnt.action }}\n"
    )
    done = subprocess.run((actionlint, str(file)), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "evnt" in done.stdout


# The rules of the house

CHECKOUT = {"uses": "actions/checkout@x"}
#: A check over a workflow, what breaks it, and what it must find then.
CHECKS: list[tuple[Callable[[Workflow], list[str]], dict[str, Any]]] = [
    (workflows.unbounded, {"runs-on": "ubuntu-24.04"}),
    (workflows.moving_containers, {"container": {"image": "python:3.11-bookworm"}}),
    (workflows.leaked_tokens, {"steps": [CHECKOUT]}),
    (workflows.shallow, {"steps": [CHECKOUT, {"run": "make test-full"}]}),
    (workflows.pasted, {"steps": [{"run": "echo ${{ github.head_ref }}"}]}),
]


@pytest.mark.parametrize("file", FILES, ids=identifier)
@pytest.mark.parametrize("check", [each for each, _ in CHECKS])
def test_nothing_is_wrong(file: Path, check: Callable[[Workflow], list[str]]) -> None:
    assert check(read(file)) == []


@pytest.mark.parametrize(("check", "job"), CHECKS)
def test_what_is_wrong_is_found(
    check: Callable[[Workflow], list[str]], job: dict[str, Any]
) -> None:
    """The negative controls."""
    assert check({"jobs": {"a": job}}) != []


@pytest.mark.parametrize("file", FILES, ids=identifier)
def test_no_job_may_more_than_it_needs(file: Path) -> None:
    assert workflows.too_much(file.stem, read(file)) == []


def test_a_right_too_many_is_found() -> None:
    """The negative control."""
    workflow = named("checks")
    workflow["jobs"]["test"]["permissions"]["packages"] = "write"
    assert workflows.too_much("checks", workflow) == ["test"]
    del workflow["permissions"]
    assert workflows.too_much("checks", workflow) == ["(all jobs)", "test"]


@pytest.mark.parametrize("file", ALL, ids=identifier)
def test_every_action_is_pinned_by_commit(file: Path) -> None:
    assert workflows.unpinned(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "use",
    [
        "actions/checkout@v7",
        "actions/checkout@main # v7.0.1",
        f"actions/checkout@{'a' * 40}",
        f"actions/checkout@{'a' * 39} # v7.0.1",
    ],
)
def test_an_action_that_can_move_is_found(use: str) -> None:
    """The negative controls."""
    assert workflows.unpinned(f"      - uses: {use}\n") == [use.partition(" ")[0]]


def test_an_action_has_one_version_everywhere() -> None:
    uses = {
        (use.partition("@")[0], use, version)
        for file in ALL
        for use, version in workflows.USE.findall(file.read_text(encoding="utf-8"))
        if "@" in use
    }
    assert len(uses) == len({name for name, _, _ in uses})


@pytest.mark.parametrize("file", FILES, ids=identifier)
def test_runs_of_one_thing_do_not_meet(file: Path) -> None:
    concurrency = read(file)["concurrency"]
    assert concurrency["group"]
    assert "cancel-in-progress" in concurrency


def test_a_deployment_is_never_broken_off() -> None:
    for name in ("deploy", "image"):
        assert named(name)["concurrency"]["cancel-in-progress"] is False


def test_what_strangers_may_start_sees_no_secret() -> None:
    """A pull request runs code that nobody has read."""
    for file in FILES:
        workflow = read(file)
        triggers = workflow[True]
        assert "pull_request_target" not in triggers
        if "pull_request" in triggers:
            assert "secrets." not in file.read_text(encoding="utf-8")


# What they run


def unknown(words: list[str]) -> str | None:
    """What is wrong with a command; None if nothing is."""
    program, *rest = words
    if program == "make":
        status, output = dry_run(*rest)
        return None if status == 0 else output
    if program in (PAYSTREAM, "paystream"):
        return unknown_option(rest)
    if program == ".venv/bin/python" and rest[:1] == ["-m"]:
        module = rest[1].replace(".", "/")
        return None if (ROOT / f"{module}.py").is_file() else f"there is no module {rest[1]}"
    if "/" in program and not program.startswith("-"):
        file = ROOT / program
        is_there = file.is_file() and file.stat().st_mode & 0o111
        return None if is_there else f"{program} is no program of this repository"
    known = ("echo", "mkdir", "git")
    return None if program in known else f"{program} is nothing that the runner is known to have"


def unknown_option(words: list[str]) -> str | None:
    command: Any = typer.main.get_command(app)
    while words and hasattr(command, "commands"):
        name, words = words[0], words[1:]
        if name not in command.commands:
            return f"paystream has no command {name}"
        command = command.commands[name]
    known = {option for each in command.params for option in each.opts}
    given = [word.partition("=")[0] for word in words if word.startswith("--")]
    return next((f"{option} is no option" for option in given if option not in known), None)


@pytest.mark.parametrize("file", ALL, ids=identifier)
def test_every_command_exists_with_its_options(file: Path) -> None:
    found = list(commands(read(file)))
    assert found
    assert [problem for words in found if (problem := unknown(words))] == []


@pytest.mark.parametrize(
    "line",
    [
        "make no-such-target",
        ".venv/bin/paystream gate --profile ci",
        ".venv/bin/paystream gates --profil ci",
        "tools/no-such.sh a",
        ".venv/bin/python -m tools.no_such",
        "curl https://example.com/install.sh",
    ],
)
def test_a_command_that_does_not_exist_is_found(line: str) -> None:
    """The negative controls."""
    assert unknown(line.split()) is not None


PREPARE = workflows.FOLDER / "actions" / "prepare" / "action.yml"


def without(action: Workflow, step: str) -> Workflow:
    """The action without its steps that begin like this."""
    action["runs"]["steps"] = [
        each
        for each in action["runs"]["steps"]
        if not (each.get("uses") or each["run"]).startswith(step)
    ]
    return action


@pytest.mark.parametrize("target", ["test", "test-full"])
def test_what_the_checkers_are_built_with_is_there(target: str) -> None:
    status, recipes = dry_run("--always-make", target)
    assert status == 0, recipes
    # Not make but a test builds actionlint.
    asked = workflows.needed(f"{recipes}\ntools/go_tools.sh")
    assert {"go", "mvn", "apt-get", "python3.11"} <= asked
    assert asked - workflows.brought(read(PREPARE)) == set()


@pytest.mark.parametrize(
    ("step", "program"), [("actions/setup-go@", "go"), ("make bootstrap", "mvn")]
)
def test_a_program_that_nothing_brings_is_found(step: str, program: str) -> None:
    """The negative control."""
    _, recipes = dry_run("--always-make", "test")
    less = without(read(PREPARE), step)
    assert program in workflows.needed(recipes) - workflows.brought(less)


def test_go_is_as_new_as_what_it_builds_asks_for() -> None:
    """The action keeps Go from fetching a newer one of itself."""
    (version,) = (
        each["with"]["go-version"]
        for each in workflows.steps(read(PREPARE))
        if each.get("uses", "").startswith("actions/setup-go@")
    )
    major, minor = map(int, version.split("."))
    assert (major, minor) >= (1, workflows.oldest_go())


def test_pull_requests_run_what_a_person_runs() -> None:
    assert [".ci/run"] in list(commands(named("checks")))
    assert "pull_request" in named("checks")[True]
    assert "pull_request" in named("gates")[True]


def test_every_push_to_main_is_checked() -> None:
    """By `image`, which deploys what passes; what that leaves out, by `checks` itself."""
    checks, image = named("checks")[True], named("image")[True]
    assert "workflow_call" in checks
    assert checks["push"]["paths"] == image["push"]["paths-ignore"]
    assert checks["push"]["branches"] == image["push"]["branches"] == ["main"]


def test_what_may_be_required_begins_for_every_pull_request() -> None:
    for name in ("checks", "gates"):
        assert named(name)[True]["pull_request"] is None


def test_every_night_runs_what_is_too_slow_for_a_pull_request() -> None:
    assert ["make", "test-full"] in list(commands(named("nightly")))
    assert "schedule" in named("nightly")[True]


def step_of(action: str) -> dict[str, Any]:
    """The one step of the gates that uses an action."""
    (found,) = (each for each in workflows.steps(named("gates")) if action in each.get("uses", ""))
    return found


def gate_commands() -> list[list[str]]:
    return [words for words in commands(named("gates")) if words[:2] == [PAYSTREAM, "gates"]]


def test_gates_are_held_against_the_baseline_that_main_stored() -> None:
    restored, kept = step_of("actions/cache/restore@"), step_of("actions/cache/save@")
    assert restored["with"]["path"] == kept["with"]["path"]
    assert restored["with"]["key"] == kept["with"]["key"]
    for words in gate_commands():
        assert words[words.index("--baselines") + 1] == restored["with"]["path"]
        assert "--evaluate" in words


def test_only_main_stores_a_baseline_and_only_where_it_has_none() -> None:
    (store,) = (
        each
        for each in workflows.steps(named("gates"))
        if "--store-baseline" in each.get("run", "")
    )
    assert "github.ref == 'refs/heads/main'" in store["if"]
    assert "!startsWith(steps.baseline.outputs.cache-matched-key" in store["if"]
    assert step_of("actions/cache/save@")["if"] == "steps.store.outcome == 'success'"


def test_of_a_hosted_runner_no_latency_becomes_a_baseline() -> None:
    (words,) = (words for words in gate_commands() if "--store-baseline" in words)
    parts = [word for before, word in itertools.pairwise(words) if before == "--only"]
    assert parts == ["engine", "detection"]


def test_staging_comes_from_what_was_built_and_production_by_hand() -> None:
    image, deploy = named("image"), named("deploy")
    staging = image["jobs"]["staging"]
    assert (staging["needs"], staging["with"]["overlay"]) == (["checks", "build"], "staging")
    assert image["jobs"]["checks"]["uses"] == "./.github/workflows/checks.yml"
    assert staging["uses"] == "./.github/workflows/deploy.yml"
    assert deploy["jobs"]["deploy"]["environment"] == "${{ inputs.overlay }}"
    assert "production" in deploy[True]["workflow_dispatch"]["inputs"]["overlay"]["options"]


def test_images_that_are_deployed_are_those_that_are_built() -> None:
    assert sorted(workflows.built_images()) == sorted(IMAGES)


@pytest.mark.parametrize("overlay", ["staging", "production"])
def test_an_environment_is_an_overlay(overlay: str) -> None:
    assert (ROOT / "k8s" / "overlays" / overlay / "kustomization.yaml").exists()
