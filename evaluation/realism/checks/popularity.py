"""Are some merchants as much more popular than others as in life?"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.optimize import minimize_scalar

from evaluation.realism.base import Check, Measure
from evaluation.realism.sample import Sample
from generator.mixing import F64
from job.contracts import CARD_PRESENT

#: Exponents that Krashakov et al. (2006) collect for sites and documents of the web.
LOW: Final = 0.60
HIGH: Final = 1.03
#: The head of the ranks that is fitted. A choice: further down, merchants seen a few times in a
#: month are ranked by chance.
MIN_SWIPES: Final = 20


class Popularity(Check):
    """Zipf's exponent over merchants ranked by swipes, by maximum likelihood."""

    name = "popularity"
    question = "Are some merchants as much more popular than others as in life?"
    source = (
        "Krashakov, Teslyuk, Shchur 2006, On the universality of rank distributions of website "
        "popularity, Computer Networks 50 (11): reported exponents are 0.60 to 1.03"
    )
    tolerance = "within that range; that shops with a counter follow it too is a choice"

    def measure(self, sample: Sample) -> list[Measure]:
        """Fit sites and shops apart."""
        rows = sample.ordinary
        present = rows["entry_mode"].isin(CARD_PRESENT)
        measures = []
        for name, merchants in (
            ("sites", rows.loc[~present, "merchant_id"]),
            ("shops", rows.loc[present, "merchant_id"]),
        ):
            counts = merchants.value_counts().to_numpy().astype(np.float64)
            head = counts[counts >= MIN_SWIPES]
            exponent = zipf_exponent(head)
            note = f"{len(head):,} merchants with {MIN_SWIPES} swipes or more, of {len(counts):,}"
            measures.append(
                Measure(
                    name=f"exponent_{name}",
                    value=exponent,
                    unit="1",
                    low=LOW,
                    high=HIGH,
                    note=note,
                )
            )
        return measures


def zipf_exponent(counts: F64) -> float | None:
    """The s for which p(rank) ~ rank^-s makes these counts, the largest first, most likely.

    None for fewer than ten ranks.
    """
    if len(counts) < 10:
        return None
    log_rank = np.log(np.arange(1, len(counts) + 1))
    total = counts.sum()
    mean_log_rank = float(counts @ log_rank / total)

    def loss(s: float) -> float:
        return s * mean_log_rank + float(np.log(np.exp(-s * log_rank).sum()))

    return float(minimize_scalar(loss, bounds=(0.0, 5.0), method="bounded").x)
