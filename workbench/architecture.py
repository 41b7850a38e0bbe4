"""How is the project built, drawn from its code?

Which package imports which, and what is found by discovery, is read out of the sources, so that the
page cannot say otherwise than the code does.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from evaluation.controls.base import control_classes
from evaluation.judges.base import judge_classes
from evaluation.realism.base import check_classes
from job.rules.discovery import rule_classes
from scenarios.discovery import scenario_classes
from stack.faults import discover as faults
from workbench import moves
from workbench.live_controls import live_control_classes
from workbench.machine import PROJECT_ROOT

_OPENING: Final = """\
# How it is built

Drawn from the code by `paystream docs`; not by hand. The way of one swipe through it, in words, is
in the [README](../README.md#the-way-of-one-swipe); why it is so, in the
[decisions](decisions/README.md).

## Who imports whom

An arrow goes from the one that imports to the one that is imported. A test keeps the directions
(`import-linter`, in `pyproject.toml`): the job imports nothing of the workbench, because it goes to
production alone.
"""


def packages(root: Path = PROJECT_ROOT) -> list[str]:
    """The packages whose directions are kept, as ``pyproject.toml`` lists them."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    listed: list[str] = tomllib.loads(text)["tool"]["importlinter"]["root_packages"]
    return listed


def imports_between(root: Path, names: Sequence[str]) -> set[tuple[str, str]]:
    """Which packages import from which.

    Parameters
    ----------
    root
        Folder that holds the packages.
    names
        The packages that count.

    Returns
    -------
    set
        Importing and imported package; a package's own imports are left out.
    """
    found: set[tuple[str, str]] = set()
    for name in names:
        for module in sorted((root / name).rglob("*.py")):
            tree = ast.parse(module.read_text(encoding="utf-8"), str(module))
            targets = set(_imported(tree)) & set(names) - {name}
            found |= {(name, target) for target in targets}
    return found


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def graph(imports: Iterable[tuple[str, str]]) -> str:
    """The same as a Mermaid flowchart.

    Examples
    --------
    >>> print(graph({("workbench", "job")}))
    flowchart TD
        workbench --> job
    """
    lines = [f"    {one} --> {other}" for one, other in sorted(imports)]
    return "\n".join(["flowchart TD", *lines])


def _discovered() -> Iterator[tuple[str, str, Sequence[str]]]:
    """Kind of part, folder, and names of what is found there."""
    by_role: dict[str, list[str]] = {}
    for name, scenario in scenario_classes().items():
        by_role.setdefault(scenario.role, []).append(name)
    yield "rule", "job/rules/", list(rule_classes())
    yield "attack", "scenarios/", by_role["attack"]
    yield "innocent look-alike", "scenarios/", by_role["look_alike"]
    yield "judge", "evaluation/judges/", list(judge_classes())
    yield "realism check", "evaluation/realism/checks/", list(check_classes())
    yield "control", "evaluation/controls/broken/", list(control_classes())
    yield "control on a live run", "workbench/live_controls/", list(live_control_classes())
    yield "fault", "stack/faults/", sorted(faults())
    yield "move by savepoint", "workbench/moves/", sorted(moves.discover())


def render(root: Path = PROJECT_ROOT) -> str:
    """The whole page, in Markdown."""
    lines = [_OPENING, "```mermaid", graph(imports_between(root, packages(root))), "```", ""]
    lines += ["## What is found by discovery", ""]
    lines += ["One file each; dropping it in is enough, and the contract tests come with it.", ""]
    lines += ["| kind | folder | found there |", "| --- | --- | --- |"]
    for kind, folder, names in _discovered():
        listed = ", ".join(f"`{name}`" for name in names)
        lines.append(f"| {kind} ({len(names)}) | [{folder}](../{folder}) | {listed} |")
    return "\n".join(lines) + "\n"
