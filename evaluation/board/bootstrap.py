"""How sure is a share of swipes, when the swipes of one card stand and fall together?

Cards are drawn with replacement, each with all its swipes, and the share is taken anew: the
cluster bootstrap (Field and Welsh (2007), "Bootstrapping clustered data"; percentile interval of
Efron and Tibshirani (1993)). Weights of a prevalence stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evaluation.board.curves import average_precision, levels
from evaluation.intervals import CONFIDENCE, Interval
from generator.mixing import F64

#: Resamples. A choice: enough for the ends of a 95% interval to two digits.
RESAMPLES: Final = 400


def resampled_sums(
    card: NDArray[Any], columns: Mapping[str, NDArray[Any]], resamples: int, seed: int
) -> dict[str, F64]:
    """Sums of columns over cards drawn with replacement.

    Parameters
    ----------
    card
        Of each swipe.
    columns
        Figures of each swipe; what is summed.
    resamples, seed
        How often, and of the draws.

    Returns
    -------
    dict
        For each column, a sum for each resample.
    """
    once, code = np.unique(card, return_inverse=True)
    per_card = np.stack(
        [np.bincount(code, weights=column, minlength=len(once)) for column in columns.values()],
        axis=1,
    )
    sums = np.empty((resamples, len(columns)))
    for at, drawn in enumerate(_draws(len(once), resamples, seed)):
        sums[at] = drawn @ per_card
    return {name: sums[:, at] for at, name in enumerate(columns)}


def average_precision_interval(
    card: NDArray[Any], value: NDArray[Any], fraud: NDArray[np.bool_], resamples: int, seed: int
) -> Interval | None:
    """Interval of the average precision; None where no resample has fraud."""
    once, code = np.unique(card, return_inverse=True)
    thresholds, group = levels(value)
    if not len(thresholds):
        return None
    last = len(thresholds) - 1
    # Most swipes are at the lowest value: their number of each card is all that is needed.
    above = np.flatnonzero(group < last)
    low = np.bincount(code[group == last], minlength=len(once))
    low_fraud = np.bincount(code[(group == last) & fraud], minlength=len(once))
    code_above, group_above, fraud_above = code[above], group[above], fraud[above]
    found = []
    for drawn in _draws(len(once), resamples, seed):
        weight = drawn[code_above]
        flagged = np.bincount(group_above, weights=weight, minlength=last + 1)
        hits = np.bincount(group_above, weights=weight * fraud_above, minlength=last + 1)
        flagged[last], hits[last] = drawn @ low, drawn @ low_fraud
        area = average_precision(flagged.cumsum(), hits.cumsum())
        if area is not None:
            found.append(area)
    return percentile_interval(np.array(found))


def ratio_interval(numerator: F64, denominator: F64) -> Interval | None:
    """Interval of a ratio of two resampled sums; None where it is of none."""
    some = denominator > 0
    return percentile_interval(numerator[some] / denominator[some])


def percentile_interval(values: F64) -> Interval | None:
    """The middle 95% of resampled values."""
    if not len(values):
        return None
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(low), float(high))


def _draws(cards: int, resamples: int, seed: int) -> Any:
    """How often each card is drawn, resample by resample."""
    rng = np.random.default_rng(seed)
    for _ in range(resamples):
        yield np.bincount(rng.integers(cards, size=cards), minlength=cards).astype(np.float64)
