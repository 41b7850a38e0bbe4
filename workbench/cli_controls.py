"""`paystream controls`: does the harness notice what is broken on purpose?"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from evaluation.controls.base import control_classes
from evaluation.controls.report import print_controls
from evaluation.controls.results import summed_up, write_controls
from evaluation.store import UnknownRunError
from workbench.console import Phases, make_console
from workbench.controls import try_quick
from workbench.folders import CONTROLS, RUNS
from workbench.live_controls import live_control_classes
from workbench.live_controls.order import try_live
from workbench.machine import provenance


def controls(
    full: Annotated[
        bool, typer.Option("--full", help="Those on real Kafka and Flink, too; about 15 minutes.")
    ] = False,
    run: Annotated[
        str | None,
        typer.Option(help="A kept run whose history is tampered with; a healthy one by default."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="One control by its name; can be repeated.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder that each use gets one of its own in.")] = (
        CONTROLS
    ),
) -> None:
    """Break one thing after the other, and see whether the judge meant to notice does."""
    quick, live = _chosen(only, full=full)
    source = None if run is None else _run_folder(run)
    console = make_console()
    phases = Phases(console)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
    facts: dict[str, Any] = {"run": None if source is None else source.name, **provenance()}
    # Whatever ends it midway, a folder that was not finished is not there.
    with ExitStack() as cleanup:
        partial = out / f"{name}.partial"
        cleanup.callback(shutil.rmtree, partial, ignore_errors=True)
        partial.mkdir(parents=True)
        positive, tried = try_quick(phases, source, quick) if quick else ([], [])
        if live:
            more_positive, more = try_live(phases, partial / "runs", live)
            positive, tried = positive + more_positive, tried + more
        found = summed_up(positive, tried, facts | {"phases_s": phases.seconds})
        write_controls(found, partial)
        folder = partial.rename(out / name)
    console.print()
    print_controls(found, console)
    console.print(f"\nEverything is in {folder}", soft_wrap=True)
    raise typer.Exit(found.exit_code)


def _chosen(only: list[str] | None, *, full: bool) -> tuple[list[str], list[str]]:
    """The quick and the live controls that are to be tried.

    Raises
    ------
    evaluation.store.UnknownRunError
        If no control has that name.
    """
    quick, live = list(control_classes()), list(live_control_classes())
    if not only:
        return quick, live if full else []
    unknown = sorted(set(only) - set(quick) - set(live))
    if unknown:
        known = ", ".join(quick + live)
        raise UnknownRunError(f"no control is called {', '.join(unknown)}; controls: {known}")
    return [name for name in quick if name in only], [name for name in live if name in only]


def _run_folder(run: str) -> Path:
    """A run by its path or by its name below ``runs/``."""
    for folder in (Path(run), RUNS / run):
        if (folder / "run.json").exists():
            return folder.resolve()
    raise UnknownRunError(f"no run {run!r}; `paystream runs` lists them")


COMMANDS: Final[tuple[Callable[..., None], ...]] = (controls,)
