"""Do a few cards swipe often and many seldom?"""

from __future__ import annotations

from typing import Final

import numpy as np

from evaluation.realism.base import Check, Measure
from evaluation.realism.sample import Sample

LOW: Final = 0.25
HIGH: Final = 0.60


class Activity(Check):
    """The share of all swipes that the most active tenth of the cards makes."""

    name = "activity"
    question = "Do a few cards swipe often and many seldom?"
    source = "a choice: no published distribution over cards is known to us"
    tolerance = "25% to 60%, a choice: if all cards were alike it were about 15% in a month"

    def measure(self, sample: Sample) -> list[Measure]:
        """Over all cards of the portfolio, those without a swipe included."""
        counts = np.sort(sample.ordinary["card_token"].value_counts().to_numpy())[::-1]
        top = counts[: max(1, sample.cards // 10)].sum() / counts.sum()
        silent = 1.0 - len(counts) / sample.cards
        return [
            Measure(name="top_tenth_share", value=float(top), unit="share", low=LOW, high=HIGH),
            Measure(name="silent_cards", value=float(silent), unit="share"),
        ]
