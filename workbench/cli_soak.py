"""`paystream soak`: does the job hold for long, while one thing after the other breaks?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from evaluation.chaos.results import Chaos, FaultOutcome
from evaluation.chaos.table import print_chaos
from generator.whole_file import write_whole
from workbench import cli_stack
from workbench.chaos import Trial, run_chaos
from workbench.cli_chaos import SCENARIO, chaos_plan, chaos_stack, facts_of
from workbench.console import Phases, make_console
from workbench.fault_plan import RANDOM, drawn_from
from workbench.folders import CHAOS, RUNS
from workbench.growth import growth_page, print_growth, summary
from workbench.growth_watch import GrowthWatch
from workbench.kept_series import PAGE_FILE, keep, open_folder

_S_PER_MIN: Final = 60
#: Seconds between faults unless told otherwise. A choice: an outage with its catching up, and as
#: long again without one.
_FAULT_EVERY_S: Final = 60


def soak(
    minutes: Annotated[int, typer.Option(min=1, max=1_440, help="Measured minutes.")] = 30,
    fault_every: Annotated[
        int, typer.Option(min=30, help="Seconds between two faults, about.")
    ] = _FAULT_EVERY_S,
    seed: Annotated[int, typer.Option(min=0, help="Of the faults and their moments.")] = 1,
    scenario: Annotated[
        str, typer.Option(help="Scenario to replay; the default's cards swipe again and again.")
    ] = SCENARIO,
    rate: Annotated[int, typer.Option(help="Swipes a minute.")] = 30_000,
    warm_up: Annotated[int, typer.Option(help="Seconds before that.")] = 5,
    checkpoint_interval_ms: Annotated[int, typer.Option(help="Between checkpoints, ms.")] = 1_000,
    taskmanagers: Annotated[
        int, typer.Option(min=1, help="One runs the job, the others are spare.")
    ] = 2,
    ha: cli_stack.HighAvailability = False,
    s3: cli_stack.ObjectStore = False,
    jit: cli_stack.HowToCompile = None,
    out: Annotated[Path, typer.Option(help="Folder that each use gets one of its own in.")] = CHAOS,
) -> None:
    """One long run in which one thing after the other breaks: what is lost, and what grows."""
    plan = chaos_plan(scenario, rate, minutes * _S_PER_MIN, warm_up, checkpoint_interval_ms)
    count = max(1, minutes * _S_PER_MIN // fault_every)
    plan = plan.model_copy(update={"fault_count": count})
    settings = chaos_stack(cli_stack.stack_settings(ha=ha, s3=s3, jit=jit), taskmanagers, plan)
    console = make_console()
    kinds = drawn_from(settings)
    console.print(
        f"[bold]soak[/]: {rate:,} swipes a minute for {minutes} minutes, {count} faults by seed "
        f"{seed} of {', '.join(kinds)}",
        soft_wrap=True,
    )
    facts = {**facts_of(plan, settings), "faults": f"{count}, of {', '.join(kinds)}, seed {seed}"}
    found = Chaos(outcomes=[], facts=facts)
    watch = GrowthWatch(warm_up + minutes * _S_PER_MIN)
    partial = open_folder(out)
    series = run_chaos(
        [Trial(RANDOM, seed)], plan, Phases(console), RUNS, settings=settings, intervention=watch
    )
    try:
        with closing(series):
            folder = keep(_with_growth(series, watch, facts), found, partial, console)
    finally:
        # Of a soak that is ended midway nothing else can be said: it is judged at its end.
        if watch.readings and not found.outcomes:
            print_growth(watch.readings, console)
    page = folder / PAGE_FILE
    write_whole(page, f"{page.read_text()}\n{growth_page(watch.readings)}".encode())
    console.print()
    print_chaos(found, console)
    console.print()
    print_growth(watch.readings, console)
    console.print(f"\nEverything is in {folder}", soft_wrap=True)
    raise typer.Exit(found.exit_code)


def _with_growth(
    series: Iterable[FaultOutcome], watch: GrowthWatch, facts: dict[str, Any]
) -> Iterator[FaultOutcome]:
    """The results as they come, with what was seen of memory and disk by then in the facts."""
    for each in series:
        facts["growth"] = summary(watch.readings)
        yield each


COMMANDS: Final[tuple[Callable[..., None], ...]] = (soak,)
