"""What does a Dockerfile say, and how are its steps run where there is no container engine?

Each stage becomes a folder that stands for `/`. Absolute paths of a step are moved into it, and the
step is run by the shell that the stage asks for. What needs a container itself (packages of the
distribution, users) is not run, and named.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

#: Folders of an image that a step may name.
PLACES: Final = ("opt", "jars", "build", "data", "docker-entrypoint.sh")
#: Commands that only a container can run.
CONTAINER_ONLY: Final = ("apt-get", "groupadd")
#: Where an absolute path begins: not within a word, nor behind the quote that ends one.
_PLACE: Final = re.compile(rf"(?<![\w./-])(?<![\w}}][\"'])/(?={'|'.join(map(re.escape, PLACES))})")


@dataclass(frozen=True)
class Instruction:
    """One instruction, continuation lines joined, comments removed."""

    name: str
    text: str

    @property
    def flags(self) -> dict[str, str]:
        """Such as ``--from=build``."""
        found = {}
        for word in self.text.split():
            if not word.startswith("--"):
                break
            key, _, value = word.removeprefix("--").partition("=")
            found[key] = value
        return found

    @property
    def words(self) -> list[str]:
        """What follows the flags."""
        words = self.text.split()
        while words and words[0].startswith("--"):
            words.pop(0)
        return words


@dataclass
class Stage:
    """Everything from one FROM to the next."""

    name: str
    base: str
    instructions: list[Instruction] = field(default_factory=list)

    def last(self, name: str) -> Instruction | None:
        found = [each for each in self.instructions if each.name == name]
        return found[-1] if found else None


def instructions(text: str) -> Iterator[Instruction]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    for line in joined.splitlines():
        name, _, rest = line.strip().partition(" ")
        if name:
            yield Instruction(name.upper(), rest.strip())


def stages(text: str) -> dict[str, Stage]:
    """By name, in their order."""
    found: dict[str, Stage] = {}
    current: Stage | None = None
    for each in instructions(text):
        if each.name == "FROM":
            base, _, name = each.words[0], *each.words[1:]
            current = found[name] = Stage(name, base)
        elif current is not None:
            current.instructions.append(each)
    return found


def arguments(text: str) -> dict[str, str]:
    """Defaults of the ARGs before the first FROM."""
    found = {}
    for each in instructions(text):
        if each.name == "FROM":
            break
        if each.name == "ARG":
            name, _, value = each.text.partition("=")
            found[name] = value
    return found


def moved(text: str, root: Path) -> str:
    """A text whose absolute paths of an image lie below a folder.

    >>> moved('cp "/jars/$x" /opt/a "$b"/opt/c', Path("/r"))
    'cp "/r/jars/$x" /r/opt/a "$b"/opt/c'
    """
    return _PLACE.sub(f"{root}/", text)


class Build:
    """Runs the steps of a Dockerfile, each stage in a folder.

    Parameters
    ----------
    text
        The Dockerfile.
    context
        Whose files it copies.
    folder
        For the stages.

    Attributes
    ----------
    not_run
        Commands that need a container, by stage.
    """

    def __init__(self, text: str, context: Path, folder: Path) -> None:
        self.stages = stages(text)
        self.not_run: list[tuple[str, str]] = []
        self._context = context
        self._folder = folder
        self._done: dict[str, Path] = {}

    def root(self, name: str) -> Path:
        """Folder that stands for `/` of a stage, which is built first if it is not yet."""
        if name in self._done:
            return self._done[name]
        stage = self.stages[name]
        root = self._folder / name
        root.mkdir(parents=True)
        if stage.base in self.stages:
            base = self.root(stage.base)
            # Links: a gigabyte of packages is of several stages, and no step writes into a file.
            shutil.copytree(base, root, symlinks=True, dirs_exist_ok=True, copy_function=os.link)
        steps = _Steps(self, stage, root)
        for each in self._with_inherited(stage):
            steps.take(each)
        self._done[name] = root
        return root

    def _with_inherited(self, stage: Stage) -> list[Instruction]:
        """The stage's own, after the settings (not the steps) of the stages it is based on."""
        inherited: list[Instruction] = []
        base = self.stages.get(stage.base)
        if base is not None:
            of_base = self._with_inherited(base)
            inherited = [each for each in of_base if each.name == "WORKDIR"]
        return inherited + stage.instructions

    def copied(self, instruction: Instruction, root: Path, working: Path) -> None:
        *sources, target = instruction.words
        origin = instruction.flags.get("from")
        into = self.moved(target, root) if target.startswith("/") else working / target
        for source in sources:
            start = self.root(origin) if origin else self._context
            copy = os.link if origin else shutil.copy2
            _copy(start / source.lstrip("/"), into, copy, is_folder=target.endswith("/"))

    @staticmethod
    def moved(text: str, root: Path) -> Path:
        return Path(moved(text, root))


class _Steps:
    """Takes one instruction after the other."""

    def __init__(self, build: Build, stage: Stage, root: Path) -> None:
        self._build, self._stage, self._root = build, stage, root
        self._working = root

    def take(self, each: Instruction) -> None:
        if each.name == "WORKDIR":
            self._working = self._build.moved(each.text, self._root)
            self._working.mkdir(parents=True, exist_ok=True)
        elif each.name == "COPY":
            self._build.copied(each, self._root, self._working)
        elif each.name == "RUN":
            self._run(each)

    def _run(self, each: Instruction) -> None:
        needs = next((word for word in CONTAINER_ONLY if word in each.text), None)
        if needs is not None:
            self._build.not_run.append((self._stage.name, needs))
            return
        step = moved(each.text, self._root)
        done = subprocess.run(
            ("bash", "-euo", "pipefail", "-c", step),
            cwd=self._working,
            env={**os.environ, "MAVEN_OPTS": "-Xmx512m"},
            capture_output=True,
            text=True,
            check=False,
            timeout=1200,
        )
        assert done.returncode == 0, f"{each.text}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"


def _copy(source: Path, target: Path, copy: Callable[[Any, Any], Any], *, is_folder: bool) -> None:
    assert source.exists(), f"COPY of {source}, which is not there"
    if source.is_dir():
        ignored = shutil.ignore_patterns("__pycache__", "target")
        shutil.copytree(
            source, target, symlinks=True, dirs_exist_ok=True, ignore=ignored, copy_function=copy
        )
    else:
        target = target / source.name if is_folder or target.is_dir() else target
        target.parent.mkdir(parents=True, exist_ok=True)
        copy(source, target)
