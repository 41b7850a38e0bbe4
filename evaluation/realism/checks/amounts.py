"""Is as much spent at a time as in life?"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import skew

from evaluation.realism.base import Check, Measure
from evaluation.realism.sample import Sample

#: Euro cents a card transaction.
ECB_MEAN_CENTS: Final = 3_900
CASH_MCC: Final = "6011"


class Amounts(Check):
    """Amounts of payments: mean, and how near ln(amount) is to normal."""

    name = "amounts"
    question = "Is as much spent at a time as in life?"
    source = (
        "ECB, Payments statistics: second half of 2024: around EUR 39 a card transaction; that "
        "amounts are skewed to the right, near to lognormal, is common knowledge"
    )
    tolerance = (
        "mean within 15%, a choice (it was EUR 44 in 2018); skewness of ln(amount) within 0.5 of "
        "0 and its standard deviation 0.8 to 1.5, choices"
    )

    def measure(self, sample: Sample) -> list[Measure]:
        """Over payments in euro cents."""
        cents = payments(sample.ordinary)["euro_cents"].to_numpy(dtype=np.float64)
        logs = np.log(cents)
        return [
            Measure(
                name="mean",
                value=float(cents.mean() / 100),
                unit="EUR",
                low=ECB_MEAN_CENTS * 0.85 / 100,
                high=ECB_MEAN_CENTS * 1.15 / 100,
            ),
            Measure(name="median", value=float(np.median(cents) / 100), unit="EUR"),
            Measure(name="log_skewness", value=float(skew(logs)), unit="1", low=-0.5, high=0.5),
            Measure(name="log_sd", value=float(logs.std()), unit="1", low=0.8, high=1.5),
        ]


def payments(rows: pd.DataFrame) -> pd.DataFrame:
    """Approved payments, as the ECB counts them: no cash, no checks, nothing taken back."""
    kept = (
        (rows["message_type"] == "authorisation")
        & (rows["mcc"] != CASH_MCC)
        & (rows["response_code"] == "00")
        & (rows["amount_minor"] > 0)
    )
    return rows[kept]
