"""Do cards swipe in bursts with long pauses, as people act?"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from evaluation.realism.base import Check, Measure
from evaluation.realism.sample import Sample
from generator.mixing import F64

#: Gaps of a card, at least, to be measured. A choice.
MIN_GAPS: Final = 20
LOW: Final = 0.2
HIGH: Final = 0.4


class Burstiness(Check):
    """The burstiness of the times between a card's swipes, the mean over cards."""

    name = "burstiness"
    question = "Do cards swipe in bursts with long pauses, as people act?"
    source = (
        "Goh, Barabasi 2008, Burstiness and memory in complex systems, EPL 81, 48002: what people "
        "do is bursty, B above 0; correction for few gaps: Kim, Jo 2016, Measuring burstiness for "
        "finite event sequences, Phys. Rev. E 94, 032311"
    )
    tolerance = "0.2 to 0.4, a choice; a Poisson process has 0, a clock has -1"

    def measure(self, sample: Sample) -> list[Measure]:
        """The mean over cards with enough gaps."""
        rows = sample.ordinary.sort_values(["card_token", "event_time_ms"])
        times = rows.groupby("card_token")["event_time_ms"]
        values = [
            burstiness(np.diff(own.to_numpy(dtype=np.float64)))
            for _, own in times
            if len(own) > MIN_GAPS
        ]
        mean = float(np.mean(values)) if values else None
        note = f"{len(values):,} cards with {MIN_GAPS} gaps or more"
        return [Measure(name="mean_b", value=mean, unit="1", low=LOW, high=HIGH, note=note)]


def burstiness(gaps: F64) -> float:
    """B of some gaps, corrected for how few they are (Kim and Jo 2016, equation 22).

    Examples
    --------
    >>> round(burstiness(np.ones(100)), 6)
    -1.0
    """
    n = len(gaps)
    r = float(gaps.std() / gaps.mean())
    above = math.sqrt(n + 1) * r - math.sqrt(n - 1)
    return above / ((math.sqrt(n + 1) - 2.0) * r + math.sqrt(n - 1))
