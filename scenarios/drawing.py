"""How do scenarios draw what is left to chance?"""

from __future__ import annotations

import math

from scenarios.base import World


def draw_log_evenly(world: World, low: float, high: float) -> float:
    """A value between the two, evenly on the logarithm."""
    return math.exp(math.log(low) + (math.log(high) - math.log(low)) * float(world.rng.random()))


def exponential_ms(world: World, mean_s: float, least_s: float = 1.0) -> int:
    """A time to wait, ms: a least one plus an exponential; its mean is the one given."""
    return round(1_000 * (least_s + float(world.rng.exponential(max(mean_s - least_s, 0.0)))))


def chance(world: World, share: float) -> bool:
    """Whether something with that share happens."""
    return float(world.rng.random()) < share


def count_between(world: World, low: int, high: int) -> int:
    """A whole number, both ends included, evenly."""
    return int(world.rng.integers(low, high + 1))


def one_of(world: World, values: tuple[str, ...]) -> str:
    """One of them, evenly."""
    return values[int(world.rng.integers(len(values)))]
