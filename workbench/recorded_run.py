"""How is recorded data judged: through the engine alone, or through the real job?"""

from __future__ import annotations

from pathlib import Path

import typer

from evaluation.report import print_report
from generator.recorded.mapping import shipped_mappings
from generator.recorded.settings import LIVE_DURATION_S, RecordedSettings
from generator.settings import SettingsError
from workbench.console import Phases, make_console
from workbench.local_run import run_locally
from workbench.plan import RunPlan
from workbench.simulate import simulate


def refuse_generated(**given: bool) -> None:
    """Refuse what only a generated replay can be asked for.

    Raises
    ------
    SettingsError
        Naming each of the options that were given.
    """
    wrong = [f"--{name.replace('_', '-')}" for name, is_given in given.items() if is_given]
    if wrong:
        raise SettingsError(f"{', '.join(wrong)}: not for recorded data, which is what it is")


def recorded_settings(
    data: Path,
    mapping: str | None,
    bad_rows: str,
    rate_per_min: int | None,
    speedup: float | None,
    duration_s: int | None,
    *,
    live: bool,
) -> RecordedSettings:
    """Settings from what a person typed.

    Raises
    ------
    SettingsError
        One line that names what is wrong.
    """
    if mapping is None:
        shipped = ", ".join(shipped_mappings())
        raise SettingsError(f"--data needs --mapping: a TOML file, or one that ships: {shipped}")
    if duration_s is None and live:
        duration_s = LIVE_DURATION_S
    return RecordedSettings.parse(
        data,
        mapping,
        bad_rows=bad_rows,
        rate_per_min=rate_per_min,
        speedup=speedup,
        duration_s=duration_s,
    )


def judge_recorded(plan: RunPlan, runs: Path, *, live: bool, keep_stack: bool) -> None:
    """Run and judge recorded data, print the report, and end with its exit code."""
    console = make_console()
    phases = Phases(console)
    where = "the real job" if live else "the engine alone"
    console.print(f"[bold]{plan.replay.scenario}[/], recorded data, through {where}")
    if live:
        folder, evaluation = simulate(plan, phases, runs, keep_stack=keep_stack)
    else:
        folder, evaluation = run_locally(plan, phases, runs)
    console.print()
    print_report(evaluation, console)
    console.print(f"\nEverything is in {folder}", soft_wrap=True)
    raise typer.Exit(evaluation.exit_code)
