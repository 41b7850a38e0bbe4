"""How sure are shares over swipes, when the swipes of one card hang together?

Cards are drawn again, not swipes: Efron and Tibshirani (1993), "An Introduction to the Bootstrap",
with Poisson(1) weights instead of multinomial ones (Chamandy et al. 2012, "Estimating uncertainty
for massive data streams", Google), which is the same for many cards.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from evaluation.intervals import CONFIDENCE, Interval

RESAMPLES: Final = 400
_SEED: Final = 20_260


def ratio_interval(
    card: NDArray[np.int64],
    numerator: NDArray[np.float64],
    denominator: NDArray[np.float64],
    resamples: int = RESAMPLES,
) -> Interval | None:
    """Interval of sum(numerator) / sum(denominator) over rows, 95%, by the percentile method.

    Parameters
    ----------
    card
        The card of each row. Rows on which both are 0 may be left out.

    Returns
    -------
    Interval or None
        None where the denominator is 0.
    """
    if not denominator.any():
        return None
    _, cluster = np.unique(card, return_inverse=True)
    above = np.bincount(cluster, weights=numerator)
    below = np.bincount(cluster, weights=denominator)
    rng = np.random.default_rng(_SEED)
    ratios = []
    for _ in range(resamples):
        drawn = rng.poisson(1.0, len(above))
        total = float(drawn @ below)
        if total > 0:
            ratios.append(float(drawn @ above) / total)
    if not ratios:
        return None
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(ratios, [tail, 100 - tail])
    return Interval(float(low), float(high))
