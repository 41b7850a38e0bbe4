"""How are the shards of an exam made and judged, side by side, and what is kept?

A shard is made once and kept under its key; an engine's answers to it are kept beside it under the
hash of its rules. Each step is a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from generator.bulk import SHARD_FILE, ExamSettings, Shard, shard_folder
from generator.settings import SettingsError
from workbench.children import Child
from workbench.console import PhaseBar
from workbench.folders import SHARDS
from workbench.machine import PROJECT_ROOT
from workbench.problems import RunBroken

_POLL_S: Final = 0.2
#: With this our processes refuse wrong settings; the reason is their last line.
_REFUSED: Final = 2


class Engine(NamedTuple):
    """A checkout's detection logic with its parameters.

    ``root`` is the checkout, ``rules_file`` its parameters (None for its own), ``hash`` identifies
    both.
    """

    root: Path
    rules_file: Path | None
    hash: str

    @property
    def short(self) -> str:
        """Of the hash, what files are called after."""
        return self.hash[:16]

    def scores_file(self, shard: Path) -> Path:
        """Where this engine's answers to a shard are kept."""
        return shard / f"scores-{self.short}.parquet"

    def command(self, shard: Path, out: Path) -> list[str]:
        """The process that judges a shard."""
        return [
            *(sys.executable, "-m", "job.bulk"),
            *("--swipes", str(shard / "swipes.parquet")),
            *("--profiles", str(shard / "profiles.parquet")),
            *("--out", str(out)),
            *_rules(self.rules_file),
        ]


def engine_at(root: Path = PROJECT_ROOT, rules_file: Path | None = None) -> Engine:
    """The engine of a checkout.

    Raises
    ------
    SettingsError
        If its rules cannot be loaded, or it cannot judge in bulk.
    """
    if not (root / "job" / "bulk.py").exists():
        raise SettingsError(f"{root.name}: this version of the job cannot judge in bulk")
    rules_file = None if rules_file is None else rules_file.resolve()
    asked = subprocess.run(
        [sys.executable, "-m", "job.bulk", "--hash", *_rules(rules_file)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        said = (asked.stderr.strip().splitlines() or [f"it ended with {asked.returncode}"])[-1]
        whose = "" if root == PROJECT_ROOT else f"{root.name}: "
        raise SettingsError(f"{whose}{said}")
    return Engine(root, rules_file, asked.stdout.strip())


def _rules(rules_file: Path | None) -> list[str]:
    return [] if rules_file is None else ["--rules", str(rules_file)]


def make_shards(
    settings: ExamSettings, logs: Path, bar: PhaseBar, workers: int, cache: Path = SHARDS
) -> list[Path]:
    """Make those shards that are not kept from before.

    Returns
    -------
    list of Path
        Folders of all shards, in order.
    """
    folders = [shard_folder(settings, shard, cache) for shard in range(settings.shards)]
    cache.mkdir(parents=True, exist_ok=True)
    described = msgspec.json.encode(settings.model_dump(mode="json")).decode()
    missing = [
        Task(
            f"making shard {number}",
            [
                *(sys.executable, "-m", "generator.bulk"),
                *("--settings", described, "--shard", str(number), "--out", str(folder)),
            ],
            logs / f"make-{number}.log",
            PROJECT_ROOT,
        )
        for number, folder in enumerate(folders)
        if not (folder / SHARD_FILE).exists()
    ]
    run_tasks(missing, workers, lambda done: bar.update(done, len(missing), _of(done, missing)))
    bar.note = f"{len(missing)} made, {len(folders) - len(missing)} kept from before"
    return folders


def score_shards(
    engine: Engine, folders: Sequence[Path], logs: Path, bar: PhaseBar, workers: int
) -> None:
    """Let an engine judge those shards that it has not judged before.

    Raises
    ------
    RulesChanged
        If it is not the same any more; what it said meanwhile is not kept.
    """
    unjudged = [folder for folder in folders if not engine.scores_file(folder).exists()]
    missing = [
        Task(
            f"judging {folder.name}",
            engine.command(folder, engine.scores_file(folder)),
            logs / f"judge-{engine.short}-{folder.name}.log",
            engine.root,
        )
        for folder in unjudged
    ]
    try:
        run_tasks(missing, workers, lambda done: bar.update(done, len(missing), _of(done, missing)))
    finally:
        # Answers of other rules must not be taken for this engine's later.
        changed = bool(missing) and not unchanged(engine)
        for folder in unjudged if changed else ():
            engine.scores_file(folder).unlink(missing_ok=True)
    if changed:
        raise RulesChanged
    swipes = sum(read_shard(folder).swipes for folder in folders)
    bar.note = f"{swipes:,} swipes; {len(missing)} of {len(folders)} shards judged now"


def unchanged(engine: Engine) -> bool:
    """Whether the checkout and its parameters still are what they were when they were hashed."""
    try:
        return engine_at(engine.root, engine.rules_file).hash == engine.hash
    except SettingsError:
        return False


class RulesChanged(RunBroken):
    """Somebody edited the rules while they were at it."""

    def __init__(self) -> None:
        super().__init__("the rules changed while they sat the exam: run it again")


def read_shard(folder: Path) -> Shard:
    """What a shard is."""
    return msgspec.json.decode((folder / SHARD_FILE).read_bytes(), type=Shard)


class Task(NamedTuple):
    """One process, its log and where it runs: its modules are looked for there first."""

    name: str
    command: list[str]
    log_file: Path
    cwd: Path


def run_tasks(tasks: Sequence[Task], workers: int, progress: Callable[[float], None]) -> None:
    """Run processes, so many at once; all are ended if one fails or the user interrupts.

    Parameters
    ----------
    progress
        Called with the number done; a process that prints ``done total`` counts in part.

    Raises
    ------
    SettingsError
        If one refuses what it is asked for.
    workbench.children.ChildFailed
        If one ends badly.
    """
    waiting = list(reversed(tasks))
    running: list[Child] = []
    done = 0
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                task = waiting.pop()
                running.append(Child(task.name, task.command, task.log_file, task.cwd))
            for child in list(running):
                if child.poll() == _REFUSED:
                    raise SettingsError(child.last_line())
                child.require_alive()
                if child.poll() is not None:
                    running.remove(child)
                    done += 1
            progress(done + sum(map(_share, running)))
            time.sleep(_POLL_S)
    finally:
        for child in running:
            child.stop()


def _share(child: Child) -> float:
    done, _, total = child.last_line().partition(" ")
    return int(done) / int(total) if done.isdecimal() and total.isdecimal() else 0.0


def _of(done: float, tasks: Sequence[Task]) -> str:
    return f"{done:.1f} of {len(tasks)} shards"
