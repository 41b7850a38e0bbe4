"""How do precision and recall go together as the threshold moves?"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Points kept of a curve.
POINTS: Final = 500


class Curve(NamedTuple):
    """Thresholds, falling, with what lies at or above each."""

    threshold: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    average_precision: float


def precision_recall(
    values: NDArray[Any], is_fraud: NDArray[np.bool_], weights: NDArray[np.float64] | None
) -> Curve:
    """The curve of a value, above 0, over all swipes.

    Average precision: sum over thresholds of (recall - recall before) * precision; equal values
    are one threshold. Swipes on which nothing was said (value 0) are found by no threshold; the
    fraud among them is never recalled.

    Examples
    --------
    >>> curve = precision_recall(np.array([3.0, 2.0, 1.0]), np.array([True, False, True]), None)
    >>> curve.precision.round(3).tolist(), round(curve.average_precision, 3)
    ([1.0, 0.5, 0.667], 0.833)
    """
    weight = np.ones(len(values)) if weights is None else weights
    total = float(weight[is_fraud].sum())
    rows = np.flatnonzero(values > 0)
    order = rows[np.argsort(-values[rows], kind="stable")]
    if not len(order) or not total:
        empty = np.empty(0)
        return Curve(empty, empty, empty, 0.0)
    sorted_values = values[order].astype(np.float64)
    found = np.cumsum(weight[order] * is_fraud[order])
    flagged = np.cumsum(weight[order])
    ends = np.flatnonzero(np.append(np.diff(sorted_values) != 0, True))
    precision = found[ends] / np.maximum(flagged[ends], 1e-300)
    recall = found[ends] / total
    average = float((np.diff(recall, prepend=0.0) * precision).sum())
    return Curve(sorted_values[ends], precision, recall, average)


def thinned(curve: Curve, points: int = POINTS) -> Curve:
    """The same curve with at most so many points, evenly over recall; the ends are kept."""
    if len(curve.recall) <= points:
        return curve
    wanted = np.linspace(curve.recall[0], curve.recall[-1], points)
    rows = np.unique(np.searchsorted(curve.recall, wanted).clip(0, len(curve.recall) - 1))
    return Curve(
        curve.threshold[rows], curve.precision[rows], curve.recall[rows], curve.average_precision
    )
