"""`paystream rules measure`: does a change take effect within a second?"""

from __future__ import annotations

from typing import Annotated, Final

import typer

from evaluation.verdict import EXIT_CODES
from workbench.cli_rules_change import DEFAULT_WAIT_S, Author
from workbench.console import Phases, make_console
from workbench.rule_drafts import Drafting
from workbench.rule_source import RuleSource
from workbench.rule_timing import BOUND_MS, TIMES_MIN, Timing, measure

#: Longest wait for the job above the bound, seconds: a late change shall be told from a lost one.
_WAIT_MIN_S: Final = 2 * BOUND_MS / 1_000


def measure_effect(
    ctx: typer.Context,
    author: Author,
    times: Annotated[
        int, typer.Option(min=1, help=f"Changes, one after the other; a verdict needs {TIMES_MIN}.")
    ] = 40,
    rule: Annotated[str, typer.Option(help="The rule that is published.")] = "velocity",
    wait: Annotated[
        float, typer.Option(min=_WAIT_MIN_S, help="Longest wait for the tasks' word, seconds.")
    ] = DEFAULT_WAIT_S,
) -> None:
    """Measure until the last task of the running job judges by a change.

    Each change says of the rule what stands of it: nothing is judged
    differently, decisions only name a rules_version meanwhile. At the end, and
    where it is interrupted, the rule is taken back to what stood before. Killed
    outright, it leaves a change that says what stood: `paystream rules history`.

    Exit codes: 0, none took longer than a second; 1, one did; 3, nobody can
    tell.
    """
    source: RuleSource = ctx.obj
    console = make_console()
    with Phases(console).phase("changes") as bar:
        timing = measure(
            source,
            Drafting(source.tables(), author),
            rule,
            times,
            wait,
            lambda done: bar.update(done, times, f"{done} of {times}"),
        )
    for line in lines_of(timing, rule):
        console.print(line, markup=False, soft_wrap=True)
    raise typer.Exit(EXIT_CODES[timing.verdict])


def lines_of(timing: Timing, rule: str) -> list[str]:
    """What was measured, for a person."""
    p50, p99, longest = (_ms(timing.percentile_ms(each)) for each in (50, 99, 100))
    return [
        f"{rule} was published {timing.times} times as it stands; what stood before stands again",
        f"  until the last of {timing.tasks} tasks judged by it: "
        f"p50 {p50}, p99 {p99}, max {longest}",
        f"  {timing.verdict}: {timing.note}",
    ]


def _ms(value: float) -> str:
    return "never" if value == float("inf") else f"{value:,.0f} ms"
