"""`paystream evaluate`: how well do the rules detect, over months of event time?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from evaluation.board import print_board, read_board
from generator.bulk import ExamSettings
from workbench.console import Phases, make_console
from workbench.exam import LEDGER, run_exam, workers_here, worn_out
from workbench.folders import EXAMS
from workbench.machine import PROJECT_ROOT

Split = Annotated[
    str,
    typer.Option(help="tuning (as often as you like), validation, or exam (when all is decided)."),
]
Seed = Annotated[int, typer.Option(help="Of the split.")]
Shards = Annotated[int, typer.Option(help="Portfolios, each with a seed of its own.")]
Cards = Annotated[int, typer.Option(help="Cards of each portfolio.")]
Days = Annotated[int, typer.Option(help="Scored event days.")]
Incidents = Annotated[
    int, typer.Option(help="Of each scenario and difficulty; a verdict needs 100.")
]
Scenarios = Annotated[list[str] | None, typer.Option("--scenario", help="Only this; repeatable.")]
Rules = Annotated[Path | None, typer.Option(help="Rule parameters, TOML.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes at once; default: one a core.")]


def evaluate(
    split: Split = "tuning",
    seed: Seed = 1,
    shards: Shards = 8,
    cards: Cards = 13_500,
    days: Days = 30,
    incidents: Incidents = 100,
    scenario: Scenarios = None,
    rules: Rules = None,
    workers: Workers = None,
) -> None:
    """Judge the rules over months of labelled traffic: the board of an exam."""
    settings = exam_settings(
        split=split,
        seed=seed,
        shards=shards,
        cards_per_shard=cards,
        days=days,
        incidents=incidents,
        scenarios=tuple(scenario or ()),
    )
    console = make_console()
    console.print(
        f"[bold]{split}[/], seed {seed}: {shards} portfolios of {cards:,} cards over {days} days, "
        f"{incidents} incidents of each scenario and difficulty"
    )
    folder = run_exam(settings, rules, Phases(console), workers=workers or workers_here())
    board = read_board(folder / "board")
    console.print()
    print_board(board, console)
    if said := worn_out(EXAMS / LEDGER, split, seed):
        console.print(f"\n{said}")
    console.print(f"\nEverything is in {folder.relative_to(PROJECT_ROOT)}")
    raise typer.Exit(board.exit_code)


def exam_settings(**values: Any) -> ExamSettings:
    """The settings of an exam, checked."""
    return ExamSettings.parse(values)


COMMANDS: Final[tuple[Callable[..., None], ...]] = (evaluate,)
