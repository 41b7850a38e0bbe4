"""How many incidents of which scenario and difficulty does a replay have?"""

from __future__ import annotations

from typing import NamedTuple

from generator.settings import ORDINARY, ReplaySettings
from scenarios.base import Difficulty
from scenarios.discovery import scenario
from scenarios.mixes import MIXES, PREVALENCES, Mix


class PlannedCount(NamedTuple):
    """So many incidents of one kind."""

    scenario: str
    difficulty: Difficulty
    incidents: int


def incident_plan(settings: ReplaySettings) -> list[PlannedCount]:
    """The incidents asked for, with the companions that always run beside an attack."""
    if settings.incident_plan is not None:
        return [PlannedCount(*each) for each in settings.incident_plan]
    if settings.scenario == ORDINARY:
        return []
    if settings.scenario in MIXES:
        return _of_mix(MIXES[settings.scenario], settings)
    main = scenario(settings.scenario)
    plan = [PlannedCount(main.name, settings.difficulty, settings.incident_count)]
    for companion in main.companions:
        count = round(settings.incident_count * main.companion_ratio)
        plan.append(PlannedCount(companion, settings.difficulty, count))
    return plan


def _of_mix(mix: Mix, settings: ReplaySettings) -> list[PlannedCount]:
    attacks = settings.incident_count
    if settings.prevalence is not None:
        attacks = _attacks_for(mix, settings.records * PREVALENCES[settings.prevalence])
    plan = _attacks_of(mix, attacks)
    for name, ratio in mix.look_alikes_per_attack.items():
        plan[name] = round(attacks * ratio)
    return [PlannedCount(name, settings.difficulty, count) for name, count in plan.items() if count]


def _attacks_for(mix: Mix, frauds: float) -> int:
    """The number of attacks whose fraudulent swipes come nearest to those wanted, at least one.

    Few attacks do not have the mix's mean: which ones there are decides.
    """
    mean = sum(share * mix.swipes_per_attack[name] for name, share in mix.attack_shares.items())
    middle = max(1, round(frauds / mean))
    near = range(max(1, middle // 2), 2 * middle + 2)
    return min(near, key=lambda attacks: abs(_swipes_of(mix, attacks) - frauds))


def _swipes_of(mix: Mix, attacks: int) -> float:
    counts = _attacks_of(mix, attacks)
    return sum(count * mix.swipes_per_attack[name] for name, count in counts.items())


def _attacks_of(mix: Mix, attacks: int) -> dict[str, int]:
    return _whole({name: attacks * share for name, share in mix.attack_shares.items()}, attacks)


def _whole(wanted: dict[str, float], total: int) -> dict[str, int]:
    """Whole numbers near those wanted that sum to the total: the largest remainders go up."""
    counts = {name: int(value) for name, value in wanted.items()}
    rest = sorted(wanted, key=lambda name: (counts[name] - wanted[name], name))
    for name in rest[: total - sum(counts.values())]:
        counts[name] += 1
    return counts
