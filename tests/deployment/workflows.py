"""What do the workflows say, and which rules of the house does a text like them break?"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / ".github"
FILES: Final = sorted((FOLDER / "workflows").glob("*.yml"))
ACTIONS: Final = sorted((FOLDER / "actions").glob("*/action.yml"))

#: What a job may do, by file and job; whatever else a job asks for is too much.
RIGHTS: Final[dict[tuple[str, str], dict[str, str]]] = {
    ("checks", "test"): {"contents": "read"},
    ("gates", "gates"): {"contents": "read"},
    ("nightly", "tests"): {"contents": "read"},
    ("nightly", "chaos"): {"contents": "read"},
    ("nightly", "soak"): {"contents": "read"},
    ("image", "checks"): {"contents": "read"},
    ("image", "build"): {"contents": "read", "packages": "write"},
    ("image", "staging"): {"contents": "read", "actions": "read"},
    ("deploy", "deploy"): {"contents": "read", "actions": "read"},
}
#: What is there after a step of `prepare`, by how the step begins; "" is the container that it runs
#: in. Bootstrap installs no Go there: Debian 12's is too old.
BRINGS: Final[dict[str, tuple[str, ...]]] = {
    "": ("apt-get", "dpkg", "git", "python3.11"),
    "make bootstrap": ("java", "javac", "mvn", "gcc"),
    "actions/setup-go@": ("go",),
}
_ASKED_FOR: Final = re.compile(r"! command -v ([\w.-]+)|command -v ([\w.-]+) >/dev/null \|\|")
_GO: Final = re.compile(r"\b1\.(\d+) or newer")
#: What upgrades a running job from the version before its last change, as a slow test does, too.
_LOOKS_BACK: Final = re.compile(r"\bmake test-full\b|\bpaystream (chaos|soak)\b")
PINNED: Final = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
USE: Final = re.compile(r"^\s*(?:- )?uses: (\S+)(?:\s+#\s*(\S+))?\s*$", re.MULTILINE)

Workflow = dict[Any, Any]


def read(file: Path) -> Workflow:
    """Parsed; `on` is a truth value to YAML 1.1, and stands under True."""
    return copy.deepcopy(yaml.safe_load(file.read_text(encoding="utf-8")))


def named(name: str) -> Workflow:
    return read(FOLDER / "workflows" / f"{name}.yml")


def built_images() -> list[str]:
    """Names under which the workflow `image` hands on what it builds."""
    matrix = named("image")["jobs"]["build"]["strategy"]["matrix"]["include"]
    return [f"paystream/{each['name']}" for each in matrix]


def unpinned(text: str) -> list[str]:
    """Actions that are not told by commit, or do not say which version that is."""
    return [
        use
        for use, version in USE.findall(text)
        if not use.startswith("./")
        and not (PINNED.fullmatch(use) and re.fullmatch(r"v\d+\.\d+\.\d+", version))
    ]


def too_much(name: str, workflow: Workflow) -> list[str]:
    """Jobs with other rights than they need, and a workflow that gives rights to all."""
    wrong = [] if workflow.get("permissions") == {} else ["(all jobs)"]
    for job, each in workflow["jobs"].items():
        if each.get("permissions") != RIGHTS.get((name, job)):
            wrong.append(job)
    return wrong


def unbounded(workflow: Workflow) -> list[str]:
    """Jobs without a limit of time; a job that calls a workflow has those of its jobs."""
    return [
        job
        for job, each in workflow["jobs"].items()
        if "uses" not in each and not isinstance(each.get("timeout-minutes"), int)
    ]


def moving_containers(workflow: Workflow) -> list[str]:
    return [
        job
        for job, each in workflow["jobs"].items()
        if "container" in each
        and not re.search(r":[\w.-]+@sha256:[0-9a-f]{64}$", each["container"]["image"])
    ]


def leaked_tokens(workflow: Workflow) -> list[str]:
    """Checkouts that leave the token in the folder for every later step."""
    return [
        job
        for job, each in workflow["jobs"].items()
        for step in each.get("steps", ())
        if "actions/checkout@" in step.get("uses", "")
        and step.get("with", {}).get("persist-credentials") is not False
    ]


def shallow(workflow: Workflow) -> list[str]:
    """Jobs that need the job of an earlier commit, and check out the newest one alone."""
    return [
        job
        for job, each in workflow["jobs"].items()
        if any(_LOOKS_BACK.search(step.get("run", "")) for step in each.get("steps", ()))
        and not any(
            "actions/checkout@" in step.get("uses", "")
            and step.get("with", {}).get("fetch-depth") == 0
            for step in each["steps"]
        )
    ]


def pasted(workflow: Workflow) -> list[str]:
    """Scripts into which GitHub would paste a text that somebody else may have written."""
    return [step["run"] for step in steps(workflow) if "${{" in step.get("run", "")]


def steps(workflow: Workflow) -> Iterator[dict[str, Any]]:
    for each in workflow.get("jobs", {}).values():
        yield from each.get("steps", ())
    yield from workflow.get("runs", {}).get("steps", ())


def commands(workflow: Workflow) -> Iterator[list[str]]:
    """What the scripts call, word by word."""
    for step in steps(workflow):
        for line in step.get("run", "").replace("\\\n", " ").splitlines():
            words = line.split()
            if words and not words[0].startswith("#"):
                yield words


def needed(recipes: str) -> set[str]:
    """Programs that make's recipes, and the scripts that they call, do not go on without."""
    found = set()
    for text in (recipes, *map(_script, set(re.findall(r"\btools/[\w.-]+\.sh\b", recipes)))):
        found |= {first or second for first, second in _ASKED_FOR.findall(text)}
    return found


def brought(action: Workflow) -> set[str]:
    """Programs that are there after the steps of an action, in the container of the jobs."""
    found = set(BRINGS[""])
    for step in steps(action):
        what = step.get("uses") or step.get("run", "")
        for begins, programs in BRINGS.items():
            if begins and what.startswith(begins):
                found |= set(programs)
    return found


def oldest_go() -> int:
    """Minor version of Go 1 that the scripts ask for; the highest of them."""
    scripts = sorted((ROOT / "tools").glob("*.sh"))
    return max(int(minor) for file in scripts for minor in _GO.findall(_script(str(file))))


def _script(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")
