"""Is a change faster or slower in the real job, on the same replay, in turns?"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

from evaluation.before_after import paired_ratio
from evaluation.change import Change
from evaluation.evaluate import Evaluation
from generator.settings import ReplaySettings
from workbench.bulk import Engine
from workbench.console import Phases
from workbench.one_stack import one_stack
from workbench.plan import JobPlan, RunPlan
from workbench.simulate import simulate

#: Judge, figure and unit of what is compared.
LIVE_FIGURES: Final = (
    ("latency", "uncommitted_p50", "ms"),
    ("latency", "uncommitted_p99", "ms"),
    ("latency", "committed_p99", "ms"),
    ("cpu", "taskmanager", "s per million swipes"),
)
#: A first run of each side that is not counted: the cluster starts, and Java compiles.
WARM_UP_RUNS: Final = 1


def live_changes(
    engines: tuple[Engine, Engine],
    pairs: int,
    replay: ReplaySettings,
    phases: Phases,
    runs: Path,
    alpha: float,
) -> list[Change]:
    """Run both sides in turns on one stack, and compare what they measured.

    Parameters
    ----------
    engines
        Before and after; of each the checkout and its parameters count.
    pairs
        Counted runs of each side; the side that goes first alternates.
    alpha
        False-alarm rate of each statement.
    """
    figures: tuple[list[Evaluation], list[Evaluation]] = ([], [])
    with one_stack():
        for number in range(WARM_UP_RUNS + pairs):
            for side in (0, 1) if number % 2 == 0 else (1, 0):
                job = JobPlan(code_root=engines[side].root, rules_file=engines[side].rules_file)
                phases.line("run", f"{'before' if side == 0 else 'after'}, {number + 1}")
                _, results = simulate(
                    RunPlan(replay=replay, job=job), phases, runs, keep_stack=True
                )
                if number >= WARM_UP_RUNS:
                    figures[side].append(results)
    return [
        _compare(
            f"{judge}: {name}",
            unit,
            _values(figures[0], judge, name),
            _values(figures[1], judge, name),
            alpha,
        )
        for judge, name, unit in LIVE_FIGURES
    ]


def _compare(name: str, unit: str, before: list[float], after: list[float], alpha: float) -> Change:
    measured = [
        (one, other)
        for one, other in zip(before, after, strict=True)
        if math.isfinite(one) and math.isfinite(other) and one > 0 and other > 0
    ]
    return paired_ratio(
        name, unit, [one for one, _ in measured], [other for _, other in measured], alpha
    )


def _values(runs: list[Evaluation], judge: str, figure: str) -> list[float]:
    """The figure of each run; not a number where it was not measured."""
    found = []
    for run in runs:
        cpu_s = run.job.get("cpu_s_per_million_swipes") or {}
        values = (
            [cpu_s.get(figure)]
            if judge == "cpu"
            else [
                each.value
                for result in run.judges
                if result.judge == judge
                for each in result.figures
                if each.name == figure
            ]
        )
        value = values[0] if values else None
        found.append(float(value) if isinstance(value, int | float) else math.nan)
    return found
