"""`paystream realism`: is the generated traffic like the real thing?"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from evaluation.realism.report import print_realism
from evaluation.realism.results import all_checks, run_check, summed_up, write_results
from evaluation.realism.sample import make_sample
from generator.tokens import token_key
from workbench.console import Phases, make_console
from workbench.folders import REALISM
from workbench.machine import provenance

Seed = Annotated[int, typer.Option(min=0, help="Of all randomness.")]
Swipes = Annotated[int, typer.Option(min=10_000, help="Of each of the two samples, in 30 days.")]
Incidents = Annotated[int, typer.Option(min=1, help="Of each scenario and difficulty.")]
Out = Annotated[Path, typer.Option(help="Folder that each run gets one of its own in.")]


def realism(
    seed: Seed = 1, swipes: Swipes = 300_000, incidents: Incidents = 40, out: Out = REALISM
) -> None:
    """Hold generated traffic against published figures, and look for what gives attacks away."""
    console = make_console()
    phases = Phases(console)
    with phases.phase("traffic"):
        sample = make_sample(seed, swipes, incidents, token_key())
    results = []
    for check in all_checks():
        with phases.phase(check.name):
            results.append(run_check(check, sample))
    facts = {"seed": seed, "swipes": swipes, "incidents": incidents}
    found = summed_up(results, facts | provenance())
    folder = out / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
    write_results(found, folder)
    console.print()
    print_realism(found, console)
    console.print(f"\nEverything is in {folder}", soft_wrap=True)
    raise typer.Exit(found.exit_code)


COMMANDS: Final[tuple[Callable[..., None], ...]] = (realism,)
