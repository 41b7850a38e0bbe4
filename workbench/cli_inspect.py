"""What is there and what was seen: `paystream scenarios`, `runs`, `compare`?"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table

from evaluation.evaluate import read_results
from evaluation.report import print_report
from evaluation.store import Comparison, RunRow, UnknownRunError, compare, list_runs
from job import schemas
from job.rules import pages
from scenarios.base import LookAlike
from scenarios.discovery import scenario, scenario_classes
from scenarios.mixes import MIXES, Mix
from workbench.console import make_console
from workbench.folders import RUNS
from workbench.machine import PROJECT_ROOT

_VERDICT_COLOURS: Final = {"pass": "green", "fail": "red", "inconclusive": "yellow"}

Name = Annotated[str | None, typer.Argument(help="Show the page of this one.")]


def scenarios(name: Name = None) -> None:
    """List what can be replayed, or show one scenario's page."""
    console = make_console()
    if name is not None and name in MIXES:
        console.print(MIXES[name].summary, _shares(MIXES[name]), sep="\n")
        return
    if name is not None:
        console.print(inspect.getdoc(scenario(name)), markup=False)
        return
    table = Table("scenario", "role", "what happens", box=None, pad_edge=False)
    for each, kind in scenario_classes().items():
        role = f"like {kind.resembles}" if issubclass(kind, LookAlike) else kind.role
        table.add_row(f"[bold]{each}[/]", role, _first_line(kind))
    for mix in MIXES.values():
        table.add_row(f"[bold]{mix.name}[/]", "mix", mix.summary)
    console.print(table)


def _shares(mix: Mix) -> str:
    lines = [f"{share:6.1%} of the attacks: {name}" for name, share in mix.attack_shares.items()]
    lines += [
        f"{ratio:6.2f} for each attack: {name}"
        for name, ratio in mix.look_alikes_per_attack.items()
    ]
    return "\n".join(lines)


def runs() -> None:
    """List all runs with their verdicts, newest first."""
    console = make_console()
    found = list_runs(RUNS)
    if not found:
        console.print("no runs yet: make simulate scenario=geo_jump")
        return
    table = Table(
        "run",
        "verdict",
        "a minute",
        "p99 ms seen / committed",
        "missing / repeated",
        "incidents",
        box=None,
        pad_edge=False,
    )
    for row in found:
        colour = _VERDICT_COLOURS.get(row.verdict or "", "dim")
        table.add_row(
            row.run_id,
            f"[{colour}]{row.verdict or row.state}[/]",
            "-" if row.rate_per_min is None else f"{row.rate_per_min:,.0f}",
            f"{_ms(row.uncommitted_p99_ms)} / {_ms(row.committed_p99_ms)}",
            f"{_or_dash(row.missing)} / {_or_dash(row.repeated)}",
            _incidents(row),
        )
    console.print(table)


def show(run: Annotated[str, typer.Argument(help="A run's id.")]) -> None:
    """Print a run's report again."""
    known = [row.run_id for row in list_runs(RUNS)]
    if run not in known:
        raise UnknownRunError(f"no run is called {run!r}; `paystream runs` lists them")
    print_report(read_results(RUNS / run), make_console())


def compare_runs(
    a: Annotated[str, typer.Argument(help="A run's id.")],
    b: Annotated[str, typer.Argument(help="Another's.")],
) -> None:
    """Hold two runs against each other, figure by figure."""
    _print_comparison(compare(RUNS, a, b))


def docs(
    folder: Annotated[Path, typer.Option(help="Where to write them.")] = PROJECT_ROOT / "docs",
) -> None:
    """Write the pages that are generated: architecture, rules and JSON Schemas."""
    from workbench import architecture  # it imports every part of the project

    (folder / "rules.md").write_text(pages.render(), encoding="utf-8")
    (folder / "architecture.md").write_text(architecture.render(), encoding="utf-8")
    (folder / "schemas").mkdir(exist_ok=True)
    for name, text in schemas.render().items():
        (folder / "schemas" / name).write_text(text, encoding="utf-8")
    make_console().print(f"written: {folder}/architecture.md, {folder}/rules.md, {folder}/schemas/")


compare_runs.__name__ = "compare"
COMMANDS: Final[tuple[Callable[..., None], ...]] = (
    scenarios,
    runs,
    show,
    compare_runs,
    docs,
)


def _print_comparison(found: Comparison) -> None:
    console = make_console()
    console.print(f"a  {found.a}  {found.verdict_a}\nb  {found.b}  {found.verdict_b}\n")
    if found.settings:
        table = Table("differs in", "a", "b", box=None, pad_edge=False)
        for setting in found.settings:
            table.add_row(setting.name, setting.a, setting.b)
        console.print(table)
        console.print()
    table = Table("figure", "a", "b", "b - a", "b / a", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in found.figures:
        table.add_row(
            f"{row.judge}.{row.figure} [dim]{row.unit}[/]",
            _figure(row.a),
            _figure(row.b),
            "" if row.difference is None else f"{row.difference:+,.4g}",
            "" if row.ratio is None else f"{row.ratio:.3g}",
        )
    console.print(table)


def _first_line(documented: type) -> str:
    return (inspect.getdoc(documented) or "").partition("\n")[0]


def _ms(value: float | None) -> str:
    if value is None:
        return "-"
    return "never" if math.isinf(value) else f"{value:.0f}"


def _or_dash(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _incidents(row: RunRow) -> str:
    if row.incidents is None:
        return "-"
    return f"{_or_dash(row.incidents_caught)} of {row.incidents}"


def _figure(value: float | str | None) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else f"{value:,.6g}"
