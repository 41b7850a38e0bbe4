"""How sure is a percentile of latencies, when those of one second share a fate?

A stall makes hundreds of neighbouring swipes late at once, so swipes are not independent, and an
interval that takes them to be is far too narrow. Whole blocks (some seconds of intended sends) are
drawn with replacement: the non-overlapping block bootstrap of Carlstein (1986), "The use of
subseries values for estimating the variance of a general statistic from a stationary sequence",
Annals of Statistics 14, with the repetitions as strata, each with one draw fewer than it has blocks
(Rao and Wu (1988), "Resampling inference with complex survey data", JASA 83: as many draws as
blocks understate the variance within small strata); percentile interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluation.intervals import CONFIDENCE, Interval

F64 = NDArray[np.float64]

#: Ratio of neighbouring bins in which latencies are counted: the interval's ends are known to 0.2%.
_BIN_RATIO: Final = 1.002
#: What is shorter is counted as this, ms: the resolution of the histograms of the latency judge.
_SHORTEST_MS: Final = 1e-3


class Series(NamedTuple):
    """Latencies of one repetition.

    ``latency_ms`` is infinite where the decision never came; ``block`` numbers the block of each.
    """

    latency_ms: F64
    block: NDArray[np.int64]


class Quantile(NamedTuple):
    """A percentile of all repetitions together, with its interval; what it rests on."""

    value_ms: float
    interval: Interval
    samples: int
    blocks: int


def blocked_quantile(
    repetitions: Sequence[Series], quantile: float, resamples: int, seed: int = 1
) -> Quantile:
    """A quantile over all repetitions with its 95% interval.

    Parameters
    ----------
    quantile
        Between 0 and 1; the value that this share does not exceed.
    resamples, seed
        How often blocks are drawn, and of the draws.

    Raises
    ------
    ValueError
        If there are no latencies.

    Examples
    --------
    >>> calm = Series(np.full(1_000, 20.0), np.repeat(np.arange(10), 100))
    >>> found = blocked_quantile([calm], 0.99, resamples=100)
    >>> found.value_ms, found.interval, found.blocks
    (20.0, Interval(low=20.0, high=20.0), 10)
    """
    repetitions = [each for each in repetitions if len(each.latency_ms)]
    if not repetitions:
        raise ValueError("no latencies")
    everything = np.sort(np.concatenate([each.latency_ms for each in repetitions]))
    value_ms = float(everything[_rank(len(everything), quantile)])
    bins, first = np.unique(_bin(everything), return_index=True)
    tops = everything[np.append(first[1:], len(everything)) - 1]
    counts = [_counted(each, bins) for each in repetitions]
    rng = np.random.default_rng(seed)
    drawn = np.zeros((resamples, len(bins)))
    for each in counts:
        drawn += _resampled(each, resamples, rng)
    ranks = np.ceil(quantile * drawn[:, -1] - 1e-9)
    found_ms = tops[np.argmax(drawn >= np.maximum(ranks, 1)[:, None], axis=1)]
    ends = np.quantile(
        found_ms, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], method="inverted_cdf"
    )
    # Bins are known by their longest latency, so a value may lie a hair below the lower end.
    interval = Interval(min(float(ends[0]), value_ms), max(float(ends[1]), value_ms))
    return Quantile(value_ms, interval, len(everything), sum(map(len, counts)))


def samples_needed(quantile: float, beyond: int) -> int:
    """Samples that leave so many beyond a quantile.

    Examples
    --------
    >>> samples_needed(0.99, 100)
    10000
    """
    return math.ceil(beyond / (1 - quantile) - 1e-6)


def _rank(samples: int, quantile: float) -> int:
    return max(math.ceil(quantile * samples - 1e-9), 1) - 1


def _bin(latency_ms: F64) -> NDArray[np.int64]:
    """The bin of each latency; the last of all for what never came."""
    came = np.isfinite(latency_ms)
    bins = np.full(len(latency_ms), np.iinfo(np.int64).max)
    steps = np.log(np.maximum(latency_ms[came], _SHORTEST_MS) / _SHORTEST_MS) / np.log(_BIN_RATIO)
    bins[came] = steps.astype(np.int64)
    return bins


def _counted(series: Series, bins: NDArray[np.int64]) -> F64:
    """Latencies by block and bin, cumulated over the bins."""
    blocks, block = np.unique(series.block, return_inverse=True)
    counts = np.zeros((len(blocks), len(bins)))
    np.add.at(counts, (block, np.searchsorted(bins, _bin(series.latency_ms))), 1.0)
    return counts.cumsum(axis=1)


def _resampled(counts: F64, resamples: int, rng: np.random.Generator) -> F64:
    """The cumulated counts of blocks that were drawn with replacement, one fewer than there are."""
    blocks = len(counts)
    drawn = max(blocks - 1, 1)
    times = rng.multinomial(drawn, np.full(blocks, 1 / blocks), size=resamples)
    return np.asarray(times @ counts, dtype=np.float64)
