"""`paystream chaos`: what do faults do to the job?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError

from evaluation.chaos.results import Chaos
from evaluation.chaos.table import print_chaos
from generator.settings import ReplaySettings, SettingsError
from generator.whole_file import write_whole
from stack.running import as_it_runs
from stack.settings import StackSettings
from workbench import cli_stack
from workbench.chaos import ALL, PREVIOUS, Trial, run_chaos, trials
from workbench.console import Phases, make_console
from workbench.fault_plan import RANDOM_COUNT, known_faults
from workbench.folders import CHAOS, RUNS
from workbench.kept_series import PAGE_FILE, keep, open_folder, require_writable_page
from workbench.origin import origin
from workbench.plan import JobPlan, RunPlan

#: What is replayed unless told otherwise: only where a card swipes again does its count show a lost
#: update, and in the short runs of most scenarios nearly none does.
SCENARIO: Final = "velocity_burst"
#: Of that scenario, since its swipes then follow each other within the run.
_DIFFICULTY: Final = "easy"
#: Bursts in each thousand swipes of a short run. A choice: many cards are in the middle of theirs
#: whenever the fault comes.
_SHORT_RUN_BURSTS: Final = 20.0
#: Measured seconds up to which a run is short. A choice: in a longer one each burst is there from
#: its first swipe to its last, and the usual number of them has cards enough.
_SHORT_RUN_S: Final = 600


def chaos(
    fault: Annotated[
        str,
        typer.Option(
            help=f"all, or of: {', '.join(known_faults())}. a,b: in one run; a+b: in a run each."
        ),
    ] = ALL,
    scenario: Annotated[
        str, typer.Option(help="Scenario to replay; the default's cards swipe again and again.")
    ] = SCENARIO,
    rate: Annotated[int, typer.Option(help="Swipes a minute.")] = 30_000,
    duration: Annotated[int, typer.Option(help="Measured seconds of each run.")] = 40,
    warm_up: Annotated[int, typer.Option(help="Seconds before that.")] = 5,
    checkpoint_interval_ms: Annotated[int, typer.Option(help="Between checkpoints, ms.")] = 1_000,
    taskmanagers: Annotated[
        int, typer.Option(min=1, help="One runs the job, the others are spare.")
    ] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Of the (first) random sequence.")] = 1,
    times: Annotated[
        int, typer.Option(min=1, help="How often; random ones with the next seed.")
    ] = 1,
    base: Annotated[
        str,
        typer.Option(
            help="Commit whose job an upgrade begins with, or previous: before its last change."
        ),
    ] = PREVIOUS,
    ha: cli_stack.HighAvailability = False,
    s3: cli_stack.ObjectStore = False,
    jit: cli_stack.HowToCompile = None,
    docs: Annotated[
        Path | None, typer.Option(help="Write the table there, too, e.g. docs/faults.md.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder that each use gets one of its own in.")] = CHAOS,
) -> None:
    """Break the running system in each way, and see what is lost, repeated, and for how long."""
    if fault == ALL and times != 1:
        raise SettingsError("--times goes with one fault, not with all")
    require_writable_page(docs)
    plan = chaos_plan(scenario, rate, duration, warm_up, checkpoint_interval_ms)
    settings = chaos_stack(cli_stack.stack_settings(ha=ha, s3=s3, jit=jit), taskmanagers, plan)
    wanted = trials(fault, seed, times, settings)
    console = make_console()
    facts = {**facts_of(plan, settings), **random_facts(wanted, duration)}
    found = Chaos(outcomes=[], facts={**facts, "runs asked for": len(wanted)})
    partial = open_folder(out)
    series = run_chaos(wanted, plan, Phases(console), RUNS, settings=settings, base=base)
    with closing(series):
        folder = keep(series, found, partial, console)
    if docs is not None:
        write_whole(docs, (folder / PAGE_FILE).read_bytes())
    console.print()
    print_chaos(found, console)
    console.print(f"\nEverything is in {folder}", soft_wrap=True)
    raise typer.Exit(found.exit_code)


def chaos_plan(
    scenario: str, rate: int, duration: int, warm_up: int, checkpoint_interval_ms: int
) -> RunPlan:
    """What runs under faults have in common.

    Raises
    ------
    generator.settings.SettingsError
        If a setting cannot be used.
    """
    try:
        job = JobPlan(checkpoint_interval_ms=checkpoint_interval_ms)
    except ValidationError as error:
        raise SettingsError.of(error) from None
    return RunPlan(replay=chaos_replay(scenario, rate, duration, warm_up), job=job)


def chaos_replay(
    scenario: str, rate: int, duration: int, warm_up: int, **others: Any
) -> ReplaySettings:
    """What is sent while something breaks: `SCENARIO` so that its cards swipe again and again.

    Parameters
    ----------
    scenario, rate, duration, warm_up
        As of the command.
    **others
        Further fields of `ReplaySettings`.

    Raises
    ------
    generator.settings.SettingsError
        If a setting cannot be used.
    """
    replay: dict[str, Any] = {
        "scenario": scenario,
        "rate_per_min": rate,
        "duration_s": duration,
        "warm_up_s": warm_up,
    }
    if scenario == SCENARIO:
        replay["difficulty"] = _DIFFICULTY
        if duration <= _SHORT_RUN_S:
            replay["incidents_per_1000_swipes"] = _SHORT_RUN_BURSTS
    return ReplaySettings.parse(replay | others)


def chaos_stack(settings: StackSettings, taskmanagers: int, plan: RunPlan) -> StackSettings:
    """The stack that is broken: as it runs, and with so many TaskManagers at least.

    Parameters
    ----------
    settings
        That a person asked for.
    taskmanagers
        Those that the job does not need are spare.
    plan
        Of a run.
    """
    settings = as_it_runs(settings)
    count = max(settings.taskmanagers, taskmanagers)
    return settings.model_copy(
        update={"taskmanagers": count, "spare_taskmanagers": count - plan.job.parallelism}
    )


def facts_of(plan: RunPlan, settings: StackSettings) -> dict[str, Any]:
    """What a reader of the table must know of how it came to be."""
    replay = plan.replay
    return {
        **origin(),
        "replay": f"{getattr(replay, 'scenario', '')} ({getattr(replay, 'difficulty', '')}, "
        f"{getattr(replay, 'incident_count', 0):,} attacks), "
        f"{getattr(replay, 'rate_per_min', 0):,} swipes a minute for "
        f"{getattr(replay, 'duration_s', 0)} s",
        "checkpoints come": f"every {plan.job.checkpoint_interval_ms:,} ms",
        "TaskManagers": _taskmanagers(settings),
        "JVMs compile": cli_stack.how_jvms_compile(settings),
        "high availability": "ZooKeeper, two JobManagers" if settings.high_availability else "none",
        "checkpoints lie": "in a local S3 store" if settings.object_store else "on the local disk",
        "heartbeat": f"given up after {settings.heartbeat_timeout_ms:,} ms",
    }


def random_facts(wanted: Sequence[Trial], duration_s: int) -> dict[str, str]:
    """What is different where several faults come in one run, if any of the runs is such a one."""
    if all(trial.seed is None for trial in wanted):
        return {}
    seconds = duration_s * RANDOM_COUNT
    return {"a random sequence": f"{RANDOM_COUNT} faults, sent for {seconds} s"}


def _taskmanagers(settings: StackSettings) -> str:
    """Who takes over from one that is killed, and how warm that one is."""
    if not settings.spare_taskmanagers:
        return f"{settings.taskmanagers}, none is spare: one that is killed must start again"
    return (
        f"{settings.taskmanagers}, spare: {settings.spare_taskmanagers}; each had run the job once "
        "when the series began, and one that was killed since came back cold, as a spare"
    )


COMMANDS: Final[tuple[Callable[..., None], ...]] = (chaos,)
