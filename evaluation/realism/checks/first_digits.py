"""Do amounts begin with a 1 as often as amounts do?"""

from __future__ import annotations

from typing import Final

import numpy as np

from evaluation.realism.base import Check, Measure
from evaluation.realism.checks.amounts import payments
from evaluation.realism.sample import Sample
from generator.mixing import F64

BENFORD: Final = np.log10(1.0 + 1.0 / np.arange(1, 10))
#: Mean absolute deviation from which Nigrini speaks of nonconformity.
NONCONFORMITY: Final = 0.015


class FirstDigits(Check):
    """First digits of amounts against Benford's law, mean absolute deviation of the shares."""

    name = "first_digits"
    question = "Do amounts begin with a 1 as often as amounts do?"
    source = (
        "Nigrini 2012, Benford's Law: Applications for Forensic Accounting, Auditing, and Fraud "
        "Detection: first digits do not conform from a mean absolute deviation of 0.015 on"
    )
    tolerance = "at most that"

    def measure(self, sample: Sample) -> list[Measure]:
        """Over payments, in the currency they were made in."""
        amounts = payments(sample.ordinary)["amount_minor"].to_numpy(dtype=np.float64)
        deviation = float(np.abs(first_digit_shares(amounts) - BENFORD).mean())
        return [Measure(name="mean_deviation", value=deviation, unit="share", high=NONCONFORMITY)]


def first_digit_shares(amounts: F64) -> F64:
    """Shares of the first digits 1 to 9.

    Examples
    --------
    >>> first_digit_shares(np.array([1.0, 19.0, 200.0, 1000.0]))[:2].tolist()
    [0.75, 0.25]
    """
    # The tiny addition keeps powers of ten from falling below themselves.
    digits = np.floor(amounts / 10.0 ** np.floor(np.log10(amounts) + 1e-12)).astype(np.int64)
    shares: F64 = np.bincount(digits, minlength=10)[1:10] / len(amounts)
    return shares
