"""How late is the p-th percentile, when some never came?

Percentiles are read from an HDR histogram (Tene), three significant digits. What never came is
infinitely late and sits above everything that did.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from hdrh.histogram import HdrHistogram
from numpy.typing import NDArray

#: Resolution and range: 1 microsecond to 1 hour, 3 significant digits.
_HIGHEST_US: Final = 3_600_000_000
_DIGITS: Final = 3


class Latencies:
    """A distribution of latencies.

    Parameters
    ----------
    latencies_ns
        Of what came, nanoseconds. Negative ones count as the shortest.
    missing
        How many never came.
    """

    def __init__(self, latencies_ns: NDArray[np.int64], missing: int = 0) -> None:
        self._histogram = HdrHistogram(1, _HIGHEST_US, _DIGITS)
        self.arrived = len(latencies_ns)
        self.missing = missing
        micros = np.clip(latencies_ns // 1000, 1, _HIGHEST_US)
        values, counts = np.unique(micros, return_counts=True)
        for value, count in zip(values.tolist(), counts.tolist(), strict=True):
            self._histogram.record_value(value, count)

    @property
    def samples(self) -> int:
        """Those that came and those that did not."""
        return self.arrived + self.missing

    def percentile_ms(self, percentile: float) -> float:
        """The latency that ``percentile`` percent do not exceed, ms; nan without samples.

        Examples
        --------
        >>> half = Latencies(np.array([1_000_000, 2_000_000]), missing=2)
        >>> half.percentile_ms(50), half.percentile_ms(99)
        (2.0, inf)
        """
        if not self.samples:
            return math.nan
        rank = max(1, math.ceil(percentile / 100 * self.samples - 1e-9))
        if rank > self.arrived:
            return math.inf
        # A quarter of a rank back: the histogram rounds to the nearest rank.
        reached = (rank - 0.25) / self.arrived * 100
        return float(self._histogram.get_value_at_percentile(reached)) / 1000

    @property
    def max_ms(self) -> float:
        """The longest; infinite if one never came, nan without samples."""
        return self.percentile_ms(100)
