"""Do people pay remotely, and contactless, as often as in life?"""

from __future__ import annotations

from typing import Final

from evaluation.realism.base import Check, Measure
from evaluation.realism.checks.amounts import payments
from evaluation.realism.sample import Sample

CONTACTLESS_LOW: Final = 0.538
CONTACTLESS_HIGH: Final = 0.667
REMOTE_LOW: Final = 0.17
REMOTE_HIGH: Final = 0.30


class Channels(Check):
    """Shares of contactless and of remote payments, by number."""

    name = "channels"
    question = "Do people pay remotely, and contactless, as often as in life?"
    source = (
        "contactless, of all card payments: 53.8% in the second half of 2022 (ECB data blog, "
        "16 November 2023), 29.5 bn of 57% of 77.6 bn in the second half of 2024 (ECB, Payments "
        "statistics); remote: ECB, SPACE 2022, 17% of day-to-day payments were online"
    )
    tolerance = (
        "contactless between the two years; remote from 17% to 30%, a choice: cards are used "
        "online more than cash is, and subscriptions are not in the study"
    )

    def measure(self, sample: Sample) -> list[Measure]:
        """Over payments as the ECB counts them."""
        modes = payments(sample.ordinary)["entry_mode"]
        return [
            Measure(
                name="contactless",
                value=float((modes == "contactless").mean()),
                unit="share",
                low=CONTACTLESS_LOW,
                high=CONTACTLESS_HIGH,
            ),
            Measure(
                name="remote",
                value=float(modes.isin(["ecommerce", "recurring"]).mean()),
                unit="share",
                low=REMOTE_LOW,
                high=REMOTE_HIGH,
            ),
            Measure(name="chip", value=float((modes == "chip").mean()), unit="share"),
        ]
