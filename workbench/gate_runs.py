"""How are the repetitions made that the gates are held against?

Several runs of one plan on one stack. A run that breaks ends the repetitions: what came before it
stands, and the gates say what is missing.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from evaluation.gates.profiles import Runs
from generator.settings import ReplaySettings
from stack.settings import StackSettings
from workbench.children import ChildFailed
from workbench.console import Phases
from workbench.folders import REPLAYS
from workbench.one_stack import one_stack
from workbench.plan import RunPlan
from workbench.problems import RunBroken
from workbench.simulate import simulate


class Made(NamedTuple):
    """Folders of the runs in order; the first ``uncounted`` were warm-up. ``broken``: why fewer."""

    folders: list[Path]
    uncounted: int
    broken: str


def replay_of(runs: Runs) -> ReplaySettings:
    """What each repetition sends.

    Raises
    ------
    SettingsError
        If the profile asks for what cannot be replayed.
    """
    return ReplaySettings.parse(
        {
            "scenario": runs.scenario,
            "rate_per_min": runs.rate_per_min,
            "duration_s": runs.duration_s,
            "warm_up_s": runs.warm_up_s,
        }
    )


def make_runs(
    asked: Runs,
    phases: Phases,
    runs: Path,
    *,
    settings: StackSettings | None = None,
    replays: Path = REPLAYS,
) -> Made:
    """Run the plan of a profile again and again.

    Parameters
    ----------
    asked
        What to run and how often.
    phases
        Where progress is told.
    runs, replays
        Folders of all runs and of all replays.
    settings
        The stack; the environment's when left out.
    """
    plan = RunPlan(replay=replay_of(asked))
    folders: list[Path] = []
    total = asked.uncounted + asked.repetitions
    with one_stack(settings) as stack:
        for number in range(total):
            counted = number >= asked.uncounted
            phases.line(f"run {number + 1} of {total}", "" if counted else "its times do not count")
            # Phases of its own: a run states how long each of its phases took.
            own = Phases(phases.console)
            try:
                folder, _ = simulate(
                    plan, own, runs, settings=stack, replays=replays, keep_stack=True
                )
            except (RunBroken, ChildFailed) as error:
                reason = str(error).partition("\n")[0]
                return Made(folders, asked.uncounted, f"run {number + 1} broke: {reason}")
            folders.append(folder)
    return Made(folders, asked.uncounted, "")
