"""How do precision and recall trade as a threshold moves over a score or a rule's value?

A point for each distinct value: swipes at or above it are flagged. Average precision is the sum
over those points of (recall - recall before) * precision: no interpolation, and swipes of one
value are flagged together. Boyd, Eng and Page (2013), "Area under the precision-recall curve:
point estimates and confidence intervals", for why not a trapezium.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generator.mixing import F64, I64

#: Points kept of a curve for a table.
POINTS: Final = 500


@dataclass(frozen=True)
class Curve:
    """Swipes and fraudulent ones at or above each distinct value, the highest value first."""

    threshold: F64
    flagged: F64
    hits: F64

    @property
    def average_precision(self) -> float | None:
        """Area under precision over recall; None without fraud."""
        return average_precision(self.flagged, self.hits)

    def thinned(self) -> Curve:
        """At most 500 points, evenly by the logarithm of the number flagged."""
        if len(self.threshold) <= POINTS:
            return self
        wanted = np.geomspace(max(self.flagged[0], 1.0), self.flagged[-1], POINTS)
        at = np.unique(np.searchsorted(self.flagged, wanted).clip(0, len(self.flagged) - 1))
        return Curve(self.threshold[at], self.flagged[at], self.hits[at])


def curve(value: NDArray[Any], fraud: NDArray[np.bool_]) -> Curve:
    """The curve of a figure taken on every swipe.

    Examples
    --------
    >>> found = curve(np.array([0.9, 0.9, 0.1]), np.array([True, False, True]))
    >>> found.flagged.tolist(), found.hits.tolist(), round(found.average_precision, 3)
    ([2.0, 3.0], [1.0, 2.0], 0.583)
    """
    thresholds, group = levels(value)
    flagged = np.bincount(group, minlength=len(thresholds)).cumsum()
    hits = np.bincount(group[fraud], minlength=len(thresholds)).cumsum()
    return Curve(thresholds, flagged.astype(np.float64), hits.astype(np.float64))


def levels(value: NDArray[Any]) -> tuple[F64, I64]:
    """Distinct values, the highest first, and for each swipe the number of its own.

    Most swipes have the lowest value, nothing to say; only the others are sorted.
    """
    if not len(value):
        return np.empty(0), np.empty(0, dtype=np.int64)
    lowest = value.min()
    above = np.flatnonzero(value > lowest)
    once, at = np.unique(value[above], return_inverse=True)
    group = np.full(len(value), len(once), dtype=np.int64)
    group[above] = len(once) - 1 - at
    return np.append(once[::-1], lowest).astype(np.float64), group


def average_precision(flagged: NDArray[Any], hits: NDArray[Any]) -> float | None:
    """Sum of (recall - recall before) * precision; None without fraud."""
    if not len(hits) or not hits[-1]:
        return None
    precision = np.divide(hits, flagged, out=np.zeros(len(hits)), where=flagged > 0)
    return float(np.diff(hits, prepend=0.0) @ precision / hits[-1])
