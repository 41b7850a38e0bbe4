"""How sure can one be of a share, of a zero, of a slope?"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

#: Confidence of every interval in this package.
CONFIDENCE: Final = 0.95


class Interval(NamedTuple):
    """Lower and upper end."""

    low: float
    high: float


class Slope(NamedTuple):
    """A least-squares slope with its interval, in units of y for each unit of x."""

    value: float
    interval: Interval


def wilson(successes: int, trials: int) -> Interval:
    """Interval of a share, 95%.

    Wilson (1927), "Probable inference, the law of succession, and statistical inference".

    Raises
    ------
    ValueError
        If there are no trials, or more successes than trials.

    Examples
    --------
    >>> [round(end, 4) for end in wilson(9, 10)]
    [0.5958, 0.9821]
    """
    if trials <= 0 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials is no share")
    z = float(special.ndtri(0.5 + CONFIDENCE / 2))
    share = successes / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = (
        z / (1 + z * z / trials) * (share * (1 - share) / trials + (z / (2 * trials)) ** 2) ** 0.5
    )
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return Interval(low, high)


def upper_bound(found: int, trials: int) -> float:
    """The largest share that what was found leaves plausible (one-sided, 95%).

    For none found this is 3/n, the rule of three of Hanley and Lippman-Hand (1983), "If nothing
    goes wrong, is everything all right?"; else the exact bound of Clopper and Pearson (1934).

    Raises
    ------
    ValueError
        If there are no trials.

    Examples
    --------
    >>> upper_bound(0, 100_000)
    3e-05
    """
    if trials <= 0:
        raise ValueError("no trials")
    if found == 0:
        return min(1.0, 3 / trials)
    if found >= trials:
        return 1.0
    return float(special.betaincinv(found + 1, trials - found, CONFIDENCE))


def zero_note(found: int, trials: int) -> str:
    """A count in words, with what it says about the true share."""
    if trials <= 0:
        return "of none"
    return (
        f"{found:,} of {trials:,}; the true share is below {upper_bound(found, trials):.1e} (95%)"
    )


def slope(x: NDArray[np.float64], y: NDArray[np.float64]) -> Slope:
    """Least-squares slope of y over x with its 95% interval (Student's t, n - 2).

    Neighbouring samples of a backlog are not independent, so the true interval is wider.

    Raises
    ------
    ValueError
        With fewer than three samples, or all at one x.
    """
    if len(x) < 3:
        raise ValueError(f"a slope with an interval needs 3 samples, there are {len(x)}")
    around = x - x.mean()
    spread = float(around @ around)
    if spread == 0:
        raise ValueError("a slope needs samples at different x")
    value = float(around @ y) / spread
    residuals = y - y.mean() - value * around
    error = (float(residuals @ residuals) / (len(x) - 2) / spread) ** 0.5
    half = float(special.stdtrit(len(x) - 2, 0.5 + CONFIDENCE / 2)) * error
    return Slope(value, Interval(value - half, value + half))
