"""`paystream gates`: may this change go in?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from evaluation.gates.gate import PARTS, Part
from evaluation.gates.profiles import load_profile
from evaluation.gates.terminal import print_result
from evaluation.store import UnknownRunError
from generator.settings import SettingsError
from workbench.console import Phases, make_console
from workbench.folders import BASELINES, EXAMS, GATES, REPLAYS, RUNS
from workbench.gates import Folders, Request, run_gates

Folder = Annotated[Path, typer.Option(metavar="<path>", help="Where these lie.")]


def gates(
    profile: Annotated[
        str, typer.Option(help="laptop, ci or release: evaluation/gates/gates.toml.")
    ] = "laptop",
    thresholds: Annotated[
        Path | None, typer.Option(help="What differs from that file, TOML.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help=f"{', '.join(PARTS)}; repeatable. Default: all.")
    ] = None,
    run: Annotated[
        list[str] | None,
        typer.Option(help="Judge this stored run in place of new ones; repeatable."),
    ] = None,
    repeat: Annotated[
        int, typer.Option(min=1, help="Judge the engine so often, each time anew.")
    ] = 1,
    evaluate: Annotated[
        bool, typer.Option("--evaluate", help="Sit an exam if these rules have sat none.")
    ] = False,
    store_baseline: Annotated[
        bool, typer.Option("--store-baseline", help="Compare with this from now on.")
    ] = False,
    out: Folder = GATES,
    runs: Folder = RUNS,
    exams: Folder = EXAMS,
    baselines: Folder = BASELINES,
    replays: Folder = REPLAYS,
) -> None:
    """Hold the working tree against what is promised, and against a baseline."""
    parts = _parts(only)
    if repeat > 1 and (parts != ("engine",) or store_baseline):
        raise SettingsError("repeat: goes with --only engine alone, and stores no baseline")
    if run and "live" not in parts:
        raise SettingsError("run: stored runs are judged by the live gates, which are left out")
    if run and store_baseline:
        raise SettingsError("run: a baseline is measured anew, at the commit that it names")
    request = Request(
        name=profile,
        profile=load_profile(profile, thresholds),
        parts=parts,
        of_runs=tuple(_stored(runs, name) for name in run or ()),
        repeat=repeat,
        sit_exam=evaluate,
        store_baseline=store_baseline,
    )
    console = make_console()
    console.print(f"[bold]gates[/], {profile}: {', '.join(parts)}")
    folders = Folders(out, baselines, runs, exams, replays)
    folder, result = run_gates(request, Phases(console), folders)
    console.print()
    print_result(result, console)
    console.print(f"\nEverything is in {_short(folder)}", soft_wrap=True)
    raise typer.Exit(result.exit_code)


def _parts(only: list[str] | None) -> tuple[Part, ...]:
    unknown = [name for name in only or () if name not in PARTS]
    if unknown:
        raise SettingsError(f"only: {unknown[0]!r} is none of {', '.join(PARTS)}")
    return tuple(part for part in PARTS if not only or part in only)


def _stored(runs: Path, name: str) -> Path:
    folder = runs / name
    if not (folder / "results.json").exists():
        raise UnknownRunError(f"run: {name}: no judged run of that name in {_short(runs)}")
    return folder


def _short(folder: Path) -> Path:
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


COMMANDS: Final[tuple[Callable[..., None], ...]] = (gates,)
