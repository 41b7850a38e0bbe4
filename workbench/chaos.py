"""In which order are faults brought about, one run each, on one stack?

A run that breaks counts as inconclusive, and what it left is cleared away before the next.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from evaluation.chaos.results import FaultOutcome, outcomes_of
from evaluation.fault_record import FAULTS_FILE, FaultRecord, read_faults
from generator.settings import ReplaySettings, SettingsError
from stack.settings import StackSettings
from workbench.console import Phases
from workbench.fault_fit import kinds, require_fit
from workbench.fault_plan import FLOODS, RANDOM, RANDOM_COUNT, fault_names
from workbench.folders import REPLAYS
from workbench.intervention import Intervention
from workbench.leftovers import clear
from workbench.one_stack import one_stack
from workbench.plan import RunPlan
from workbench.problems import first_and_last, problem_line
from workbench.revision import extract_job, resolve, version_before
from workbench.simulate import simulate
from workbench.warm_all import warm_all

#: All that the stack can suffer.
ALL = "all"
#: The negative control is this fault with a sink that repeats.
CONTROL_FAULT = "taskmanager_kill"
#: How often `ALL` has the fault that is aimed at a moment of some milliseconds. A choice.
COMMIT_FAULT = "kill_during_commit"
COMMIT_TIMES = 3
#: Stands between faults that get a run each.
APART = "+"
#: Begins with the job of another commit.
UPGRADE = "upgrade"
#: Where it begins unless told otherwise: the job's version before this one.
PREVIOUS = "previous"


class Trial(NamedTuple):
    """One run of a series: its fault, the seed of a random one, and the sink's guarantee."""

    fault: str
    seed: int | None = None
    guarantee: str = "exactly-once"

    @property
    def upgrades(self) -> bool:
        """Whether it begins with the job of another commit."""
        return UPGRADE in fault_names(self.fault)


def trials(fault: str, seed: int, times: int, settings: StackSettings) -> list[Trial]:
    """The runs that a person asked for.

    Parameters
    ----------
    fault
        A fault's name, several joined by commas (one run) or by `APART` (a run each), ``random``,
        or ``all``: each that fits the stack, the floods, one random sequence, the negative
        control, and the upgrade.
    seed
        Of the first random sequence; further ones take the next.
    times
        How often.
    settings
        Of the stack.

    Raises
    ------
    stack.process.StackError
        If a fault is unknown or does not fit the stack.
    """
    if fault != ALL:
        names = [each.strip() for each in fault.split(APART)]
        for each in names:
            require_fit(each, settings)
        return [
            Trial(each, seed + turn if each == RANDOM else None)
            for turn in range(times)
            for each in names
        ]
    fitting = sorted(name for name, kind in kinds().items() if kind.fits(settings))
    upgrades = [name for name in fitting if name == UPGRADE]
    others = [name for name in fitting if name != UPGRADE]
    return [
        *(Trial(name) for name in (*others, *FLOODS)),
        # It does not surely hit what it is aimed at.
        *[Trial(COMMIT_FAULT)] * (COMMIT_TIMES - 1),
        Trial(RANDOM, seed),
        Trial(CONTROL_FAULT, guarantee="at-least-once"),
        # It renews every TaskManager: a fault that came after it would meet cold ones.
        *map(Trial, upgrades),
    ]


def run_chaos(
    wanted: Sequence[Trial],
    plan: RunPlan,
    phases: Phases,
    runs: Path,
    *,
    settings: StackSettings,
    base: str = PREVIOUS,
    replays: Path = REPLAYS,
    intervention: Intervention | None = None,
) -> Generator[FaultOutcome]:
    """Run the trials, one after the other, and give what each showed as soon as it is known.

    Parameters
    ----------
    wanted
        Which.
    plan
        The run, without its fault.
    phases
        Where progress is told.
    runs, replays
        Folders of all runs and of all replays.
    settings
        The stack; one that was not running is stopped at the end.
    base
        The commit whose job an upgrade begins with; `PREVIOUS` for the last one that differs.
    intervention
        What else is done to the runs, such as to watch them; None for nothing.

    Raises
    ------
    generator.settings.SettingsError
        If there is no such commit, or one is named and nothing upgraded.
    """
    upgrades = any(each.upgrades for each in wanted)
    if base != PREVIOUS and not upgrades:
        raise SettingsError("--base is the commit that an upgrade begins with; no fault is one")
    commit = ""
    if upgrades:
        commit = version_before() if base == PREVIOUS else resolve(base)
    since = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
    with one_stack(settings) as stack, TemporaryDirectory() as folder:
        warm_all(plan, phases, runs, stack, replays)
        for number, trial in enumerate(wanted, 1):
            seed = "" if trial.seed is None else f", seed {trial.seed}"
            control = "" if trial.guarantee == "exactly-once" else f", {trial.guarantee} sink"
            phases.line(f"fault {number} of {len(wanted)}", f"{trial.fault}{seed}{control}")
            begins = plan
            if trial.upgrades:
                root = extract_job(commit, Path(folder))
                job = plan.job.model_copy(update={"code_root": root})
                begins = plan.model_copy(update={"job": job})
            try:
                outcomes = _try(trial, begins, phases, runs, stack, replays, intervention)
            except Exception as error:
                # Whatever it was: the other runs can still show something.
                outcomes = [_broken(trial, error)]
                phases.line(trial.fault, outcomes[0].reason)
                clear(stack, since)
            yield from outcomes


def _try(
    trial: Trial,
    plan: RunPlan,
    phases: Phases,
    runs: Path,
    settings: StackSettings,
    replays: Path,
    intervention: Intervention | None,
) -> list[FaultOutcome]:
    replay = plan.replay
    if (
        trial.fault == RANDOM
        and plan.fault_count is None  # a soak says itself how long it is, and how often it breaks
        and isinstance(replay, ReplaySettings)
    ):
        # Each of its faults has as long as one that comes alone.
        longer = {"duration_s": replay.duration_s * RANDOM_COUNT}
        replay = replay.model_copy(update=longer)
    asked = plan.model_copy(
        update={
            "replay": replay,
            "fault": trial.fault,
            "fault_seed": plan.fault_seed if trial.seed is None else trial.seed,
            "job": plan.job.model_copy(update={"sink_guarantee": trial.guarantee}),
        }
    )
    folder, evaluation = simulate(
        asked,
        Phases(phases.console),
        runs,
        settings=settings,
        replays=replays,
        keep_stack=True,
        intervention=intervention,
    )
    verdict = evaluation.verdict
    phases.line(trial.fault, f"{verdict.value}: {verdict.reason}")
    faults = read_faults(folder / "history" / FAULTS_FILE)
    return outcomes_of(evaluation, faults, folder, seed=trial.seed)


def _broken(trial: Trial, error: Exception) -> FaultOutcome:
    """Of a run that did not come to its end: nothing is known."""
    known = problem_line(error)
    if known is None:  # a bug of the workbench: where it lies must be found
        traceback.print_exception(error, file=sys.stderr)
        known = f"{type(error).__name__}: {error}"
    elif "\n" in known:
        # A table has room for two lines of it; the reason can stand between them.
        sys.stderr.write(f"{known}\n")
    reason = first_and_last(known)
    return FaultOutcome(
        fault=trial.fault,
        run_id="",
        seed=trial.seed,
        guarantee=trial.guarantee,
        verdict="inconclusive",
        reason=f"the run broke: {reason}",
        record=FaultRecord(fault=trial.fault, failure=reason),
        expected=0,
        counts={},
        times_ms={},
    )
