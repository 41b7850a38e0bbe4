"""How much dearer or worse than the baseline is it, and how sure is that?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

from evaluation.intervals import CONFIDENCE, Interval


class Compared(NamedTuple):
    """A ratio or a difference with its 95% interval."""

    value: float
    interval: Interval


def ratio_of_means(now: Sequence[float], before: Sequence[float]) -> Compared:
    """How many times as much, from repetitions of either side.

    The ratio of geometric means; interval of Welch (1947), "The generalization of 'Student's'
    problem when several different population variances are involved", on logarithms.

    Raises
    ------
    ValueError
        With fewer than two repetitions of a side, or with a cost that is not above 0.

    Examples
    --------
    >>> found = ratio_of_means([2.0, 2.1, 1.9], [1.0, 1.05, 0.95])
    >>> round(found.value, 3), [round(end, 2) for end in found.interval]
    (2.0, [1.79, 2.24])
    """
    if min(len(now), len(before)) < 2:
        raise ValueError("a ratio with an interval needs two repetitions of either side")
    if not all(0 < cost < math.inf for cost in (*now, *before)):
        raise ValueError("a cost is above 0 and has an end")
    one, other = np.log(now), np.log(before)
    errors = [float(np.var(each, ddof=1)) / len(each) for each in (one, other)]
    value = float(one.mean() - other.mean())
    error = sum(errors)
    if error == 0:
        return Compared(math.exp(value), Interval(math.exp(value), math.exp(value)))
    freedom = error**2 / sum(
        part**2 / (len(each) - 1) for part, each in zip(errors, (one, other), strict=True)
    )
    half = float(special.stdtrit(freedom, 0.5 + CONFIDENCE / 2)) * error**0.5
    return Compared(math.exp(value), Interval(math.exp(value - half), math.exp(value + half)))


def difference(now: Compared, before: Compared) -> Compared:
    """How much more, from two figures with intervals of their own.

    Zou and Donner (2008), "Construction of confidence limits about effect measures", Statistics in
    Medicine 27; for two shares with intervals of Wilson it is the method of Newcombe (1998). Both
    figures are taken to be independent: for two exams on the same swipes the interval is too wide
    rather than too narrow.

    Examples
    --------
    >>> found = difference(Compared(0.6, Interval(0.5, 0.7)), Compared(0.5, Interval(0.4, 0.6)))
    >>> [round(each, 3) for each in (found.value, *found.interval)]
    [0.1, -0.041, 0.241]
    """
    value = now.value - before.value
    down = math.hypot(now.value - now.interval.low, before.interval.high - before.value)
    up = math.hypot(now.interval.high - now.value, before.value - before.interval.low)
    return Compared(value, Interval(value - down, value + up))


def ratio_of(now: Compared, before: Compared) -> Compared:
    """How many times as much, from two figures with intervals of their own.

    As :func:`difference`, on logarithms.

    Raises
    ------
    ValueError
        If the earlier figure may be 0: its interval must lie above.

    Examples
    --------
    >>> found = ratio_of(Compared(2.0, Interval(1.0, 4.0)), Compared(1.0, Interval(0.5, 2.0)))
    >>> [round(each, 3) for each in (found.value, *found.interval)]
    [2.0, 0.75, 5.33]
    """
    if not before.interval.low > 0:
        raise ValueError("nothing can be said in times of what may be 0")
    if not now.value > 0:
        return Compared(0.0, Interval(0.0, now.interval.high / before.interval.low))
    logs = [
        Compared(math.log(each.value), Interval(_log(each.interval.low), _log(each.interval.high)))
        for each in (now, before)
    ]
    found = difference(logs[0], logs[1])
    low, high = found.interval
    return Compared(now.value / before.value, Interval(math.exp(low), math.exp(high)))


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def poisson_interval(events: float) -> Interval:
    """Interval of a number of events, 95%.

    Garwood (1936), "Fiducial limits for the Poisson distribution", Biometrika 28.

    Examples
    --------
    >>> [round(end, 2) for end in poisson_interval(10)]
    [4.8, 18.39]
    """
    tail = (1 - CONFIDENCE) / 2
    low = 0.0 if events <= 0 else float(special.gammaincinv(events, tail))
    return Interval(low, float(special.gammaincinv(events + 1, 1 - tail)))


def share_by_resampling(
    part: Sequence[float], whole: Sequence[float], resamples: int = 1000, seed: int = 1
) -> Compared | None:
    """A ratio of two sums over the same things, which are drawn with replacement.

    Efron and Tibshirani (1993), "An Introduction to the Bootstrap"; percentile interval.

    Returns
    -------
    Compared or None
        None where the whole is nothing.
    """
    parts, wholes = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    if not wholes.sum() > 0:
        return None
    rng = np.random.default_rng(seed)
    even = np.full(len(wholes), 1 / len(wholes))
    times = rng.multinomial(len(wholes), even, size=resamples)
    sums = times @ wholes
    found = (times @ parts)[sums > 0] / sums[sums > 0]
    low, high = np.quantile(found, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Compared(float(parts.sum() / wholes.sum()), Interval(float(low), float(high)))
