"""`paystream ab`: is the job better or worse for a change?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from evaluation.change import AbResult, Change
from generator.settings import ReplaySettings
from workbench.ab import run_ab
from workbench.cli_exam import Cards, Days, Incidents, Seed, Shards, Split, Workers, exam_settings
from workbench.console import Phases, make_console
from workbench.exam import LEDGER, workers_here, worn_out
from workbench.folders import EXAMS
from workbench.machine import PROJECT_ROOT

NOT_LIVE: Final = "; latency: not measured, --live 3"
_COLOURS: Final = {"better": "green", "worse": "red", "inconclusive": "yellow"}


def ab(
    base: Annotated[str, typer.Option(help="Branch, tag or commit to compare with.")] = "HEAD",
    split: Split = "tuning",
    seed: Seed = 1,
    shards: Shards = 8,
    cards: Cards = 13_500,
    days: Days = 30,
    incidents: Incidents = 100,
    rules_before: Annotated[
        Path | None, typer.Option(help="Rule parameters of the base; its own by default.")
    ] = None,
    rules: Annotated[
        Path | None, typer.Option(help="Rule parameters of the working tree; its own by default.")
    ] = None,
    live: Annotated[
        int, typer.Option(min=0, help="Runs of each side on the real stack; latency needs 3.")
    ] = 0,
    scenario: Annotated[str, typer.Option(help="What is replayed then.")] = "geo_jump",
    workers: Workers = None,
) -> None:
    """Compare the working tree's job with another commit's, on the same swipes."""
    settings = exam_settings(
        split=split,
        seed=seed,
        shards=shards,
        cards_per_shard=cards,
        days=days,
        incidents=incidents,
    )
    console = make_console()
    console.print(f"[bold]{base}[/] against the working tree: {split}, seed {seed}")
    folder, result = run_ab(
        base,
        settings,
        Phases(console),
        workers=workers or workers_here(),
        rules_before=rules_before,
        rules_after=rules,
        live_pairs=live,
        replay=ReplaySettings.parse({"scenario": scenario}),
    )
    console.print()
    print_ab(result, console)
    if said := worn_out(EXAMS / LEDGER, split, seed):
        console.print(f"\n{said}")
    console.print(f"\nEverything is in {folder.relative_to(PROJECT_ROOT)}")
    raise typer.Exit(result.exit_code)


def print_ab(result: AbResult, console: Console) -> None:
    """Say what changed: first what decides, then where."""
    if result.same_rules:
        console.print("rules, engine and parameters are the same on both sides: A against A")
    console.print(_table(result.changes, ""))
    moved = [change for change in result.by_scenario if change.difference]
    if moved:
        console.print()
        console.print(_table(moved, "recall of "))
    console.print(
        f"\n{result.gained} incidents gained, {result.lost} lost (gained.parquet, lost.parquet); "
        f"{result.new_false} false cases new, {result.gone_false} gone"
    )
    console.print(
        f"false-alarm rate of all statements together: {result.false_alarm_rate:g} where nothing "
        "changed" + ("" if any("latency" in each.name for each in result.changes) else NOT_LIVE)
    )


def _table(changes: list[Change], prefix: str) -> Table:
    table = Table("", "before", "after", "difference", "interval", "", "", box=None, pad_edge=False)
    for change in changes:
        colour = _COLOURS.get(change.finding, "default")
        table.add_row(
            f"{prefix}{change.name}, {change.unit}" if change.unit != "1" else prefix + change.name,
            _number(change.before, ".4g"),
            _number(change.after, ".4g"),
            _number(change.difference, "+.4g"),
            f"{_number(change.low, '+.3g')} to {_number(change.high, '+.3g')}",
            f"[{colour}]{change.finding}[/]",
            change.note,
        )
    return table


def _number(value: float | None, digits: str) -> str:
    return "-" if value is None else format(value, digits)


COMMANDS: Final[tuple[Callable[..., None], ...]] = (ab,)
