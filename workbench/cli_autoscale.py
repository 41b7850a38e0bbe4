"""`paystream autoscale`: does the job follow a load that triples?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import typer
from pydantic import ValidationError

from evaluation.autoscaling.timeline import print_timeline
from evaluation.report import print_report
from evaluation.verdict import worst
from generator.schedule import PEAK_FACTOR
from generator.settings import SettingsError
from workbench import cli_stack
from workbench.autoscale import AutoscalePlan, calm_rate_per_min, run_autoscale
from workbench.console import Phases, make_console
from workbench.folders import RUNS
from workbench.machine import PROJECT_ROOT

#: All but the rate, which is asked of the machine when a run begins.
_DEFAULT: Final = AutoscalePlan(rate_per_min=1)


def autoscale(
    scenario: Annotated[str, typer.Option(help="Scenario to replay.")] = "geo_jump",
    rate: Annotated[
        int | None,
        typer.Option(
            help="Swipes a minute before and after the peak. Default: by how fast this machine is."
        ),
    ] = None,
    warm_up: Annotated[
        int, typer.Option(help="Seconds of sending before the autoscaler looks at the job.")
    ] = _DEFAULT.warm_up_s,
    duration: Annotated[int, typer.Option(help="Seconds of sending after that.")] = (
        _DEFAULT.duration_s
    ),
    taskmanagers: Annotated[
        int, typer.Option(help="That stand ready, one slot each: the highest parallelism.")
    ] = _DEFAULT.taskmanagers,
    target_utilization: Annotated[
        float | None,
        typer.Option(
            help="How busy the busiest task should be, from 0 to 1. Default: by how busy the calm "
            "load keeps it."
        ),
    ] = None,
    boundary: Annotated[
        float | None,
        typer.Option(
            help="How far it may be off that before anything is decided. Default: likewise."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of all randomness.")] = 1,
    checkpoint_interval_ms: Annotated[int, typer.Option(help="Between checkpoints, ms.")] = (
        _DEFAULT.checkpoint_interval_ms
    ),
    s3: cli_stack.ObjectStore = False,
) -> None:
    """Triple the load midway, and let the operator's autoscaler scale the job up and down."""
    try:
        plan = AutoscalePlan(
            scenario=scenario,
            rate_per_min=calm_rate_per_min() if rate is None else rate,
            warm_up_s=warm_up,
            duration_s=duration,
            taskmanagers=taskmanagers,
            target_utilization=target_utilization,
            boundary=boundary,
            seed=seed,
            checkpoint_interval_ms=checkpoint_interval_ms,
        )
    except ValidationError as error:
        raise SettingsError.of(error) from None
    console = make_console()
    begin_s, end_s = plan.peak_s
    console.print(
        f"[bold]autoscale[/]: {scenario}, {plan.rate_per_min:,} swipes a minute for "
        f"{warm_up + duration} s, {PEAK_FACTOR:g} times as many from second {begin_s:.0f} to "
        f"{end_s:.0f}",
        soft_wrap=True,
    )
    shown = run_autoscale(plan, Phases(console), RUNS, cli_stack.stack_settings(ha=False, s3=s3))
    console.print()
    print_report(shown.evaluation, console)
    console.print()
    print_timeline(shown.record, shown.outcome, console)
    console.print(f"\nEverything is in {shown.folder.relative_to(PROJECT_ROOT)}")
    judged = shown.evaluation.verdict
    raise typer.Exit(worst([judged, shown.outcome.verdict], otherwise=judged).exit_code)


COMMANDS: Final[tuple[Callable[..., None], ...]] = (autoscale,)
