"""Is it quiet at night and busy at noon and after work?"""

from __future__ import annotations

from typing import Final

import numpy as np

from evaluation.realism.base import Check, Measure
from evaluation.realism.sample import Sample

_MS_PER_H: Final = 3_600_000
NIGHT: Final = (1, 5)
NIGHT_MAX: Final = 0.05
NOON: Final = (11, 14)
EVENING: Final = (16, 19)
#: How much busier than the hour between them a peak is, at least. A choice: not noise.
PROMINENCE: Final = 1.05


class DailyRhythm(Check):
    """Shares of swipes by hour of the day (UTC; the issuers' countries are an hour or two off)."""

    name = "daily_rhythm"
    question = "Is it quiet at night and busy at noon and after work?"
    source = "a choice: the shape known of retail, a trough at night and two peaks a day"
    tolerance = (
        "a choice: at most 5% of all from 1 to 5 h; a peak from 11 to 14 h and one from 16 to "
        "19 h, each 5% above the quietest hour between them"
    )

    def measure(self, sample: Sample) -> list[Measure]:
        """Over the whole month."""
        hours = sample.ordinary["event_time_ms"].to_numpy() // _MS_PER_H % 24
        shares = np.bincount(hours, minlength=24) / len(hours)
        noon, evening = shares[slice(*NOON)].max(), shares[slice(*EVENING)].max()
        between = shares[NOON[1] : EVENING[0]].min()
        return [
            Measure(
                name="night_share",
                value=float(shares[slice(*NIGHT)].sum()),
                unit="share",
                high=NIGHT_MAX,
            ),
            Measure(name="noon_peak", value=float(noon / between), unit="ratio", low=PROMINENCE),
            Measure(
                name="evening_peak", value=float(evening / between), unit="ratio", low=PROMINENCE
            ),
            Measure(
                name="busiest_hour",
                value=float(shares.argmax()),
                unit="h UTC",
                low=10.0,
                high=19.0,
            ),
        ]
