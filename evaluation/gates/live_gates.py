"""What do all gates say of the repetitions on the real stack?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from scipy import special

from evaluation.flat_settings import flat_settings
from evaluation.gates.against import Asked, Reference, cost_gate, gate, geometric_mean, not_measured
from evaluation.gates.gate import Gate, by_interval
from evaluation.gates.profiles import Profile
from evaluation.gates.promise_gates import delivery_gates, latency_gate
from evaluation.gates.repetition import Repetition, disturbances
from evaluation.intervals import CONFIDENCE, Interval

COMMITTED: Final = "committed_p99"
CPU: Final = "taskmanager_cpu"


def live_gates(
    repetitions: Sequence[Repetition], profile: Profile, compared_with: Reference
) -> list[Gate]:
    """All gates on runs; the order is the report's."""
    counting = [run for run in repetitions if run.counts]
    doubt = machine_doubt(counting, profile)
    figures = live_figures(repetitions)
    return [
        *delivery_gates(repetitions, profile.promises),
        latency_gate(repetitions, profile, doubt),
        cost_gate(
            Asked(COMMITTED, "The same at a reader of committed records?", "live", "ms"),
            figures[COMMITTED],
            compared_with,
            profile.latency.committed_p99_ratio_max,
            doubt,
        ),
        _floor_gate(counting, profile, doubt),
        cost_gate(
            Asked(CPU, "What does a million swipes cost the TaskManager?", "live", "CPU s"),
            figures[CPU],
            compared_with,
            profile.cpu.ratio_max,
            doubt,
        ),
    ]


def live_figures(repetitions: Sequence[Repetition]) -> dict[str, list[float]]:
    """What a baseline keeps: one value for each repetition that counts; nan where there is none."""
    counting = [run for run in repetitions if run.counts]
    return {
        COMMITTED: [run.number("latency", COMMITTED) for run in counting],
        CPU: [run.cpu_s_per_million for run in counting],
    }


def live_settings(repetitions: Sequence[Repetition]) -> dict[str, Any]:
    """What must be the same for two sets of repetitions to be compared."""
    names = ("scenario", "difficulty", "rate_per_min", "duration_s", "speedup", "job")
    stacks = [flat_settings(run.results.settings.get("stack", {}), "stack.") for run in repetitions]
    return {
        name: _common(
            [run.results.settings.get(name, _of_replay(run, name)) for run in repetitions]
        )
        for name in names
    } | {
        name: _common([stack.get(name) for stack in stacks])
        for name in sorted({name for stack in stacks for name in stack})
    }


def machine_doubt(counting: Sequence[Repetition], profile: Profile) -> str:
    """Why no time of these repetitions proves anything; empty where they do."""
    found = [
        f"{run.run_id}: {' and '.join(reasons)}"
        for run in counting
        if (reasons := disturbances(run, profile.latency))
    ]
    if not found:
        return ""
    more = f"; {len(found) - 1} more like it" if len(found) > 1 else ""
    return f"the machine was disturbed in {found[0]}{more}"


def _floor_gate(counting: Sequence[Repetition], profile: Profile, doubt: str) -> Gate:
    asked = Asked(
        "uncommitted_p50_to_floor",
        "How many plain round trips through Kafka does a typical decision take?",
        "live",
        "floors",
    )
    limit = profile.latency.p50_floors_max
    values = [run.number("latency", asked.name) for run in counting]
    if len(values) < 2 or not all(0 < value < math.inf for value in values):
        why = doubt or "not measured in each of at least two repetitions"
        return not_measured(asked, why, threshold=limit)
    interval = mean_interval(values)
    return gate(
        asked,
        value=geometric_mean(values),
        low=interval.low,
        high=interval.high,
        threshold=limit,
        verdict="inconclusive" if doubt else by_interval(interval, limit),
        note=doubt or "p50 of decisions over p50 of the floor, in the same run",
    )


def mean_interval(values: Sequence[float]) -> Interval:
    """Interval of a geometric mean over repetitions: Student's t on logarithms.

    Examples
    --------
    >>> mean_interval([3.0, 3.0, 3.0])
    Interval(low=3.0, high=3.0)
    """
    logs = np.log(values)
    error = float(np.std(logs, ddof=1)) / len(logs) ** 0.5
    half = float(special.stdtrit(len(logs) - 1, 0.5 + CONFIDENCE / 2)) * error
    middle = float(logs.mean())
    low, high = math.exp(middle - half), math.exp(middle + half)
    return Interval(round(low, 12), round(high, 12))


def _of_replay(run: Repetition, name: str) -> Any:
    replay = run.results.settings.get("replay")
    return replay.get(name) if isinstance(replay, dict) else None


def _common(values: list[Any]) -> Any:
    once = [value for at, value in enumerate(values) if value not in values[:at]]
    return once[0] if len(once) == 1 else once
