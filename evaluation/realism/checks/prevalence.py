"""Is as much of the mixed traffic fraudulent as the profile asked for says?"""

from __future__ import annotations

from typing import Final

from evaluation.realism.base import Check, Measure
from evaluation.realism.sample import Sample
from generator.cards import Portfolio
from generator.merchants import Market
from generator.traffic import plan_incidents
from scenarios.discovery import UnknownScenario
from scenarios.mixes import MIXED, PREVALENCES

#: Swipes a minute of wall time, of the month that is planned: 6 million in all. A choice: enough
#: for some 180 incidents at the lowest prevalence.
RATE_PER_MIN: Final = 100_000
#: Off by this share at most. A choice: incidents differ in their number of swipes by more than an
#: order of magnitude, so that a month's sum varies by about a tenth.
TOLERANCE: Final = 0.25


class Prevalence(Check):
    """Fraudulent swipes over all swipes of a month of the mix, at each named prevalence."""

    name = "prevalence"
    question = "Is as much of the mixed traffic fraudulent as the profile asked for says?"
    source = (
        "eea: EBA and ECB, Report on payment fraud, December 2025 (17 M of 111 bn card payments); "
        "ecommerce_worldline: Dal Pozzolo et al. 2018, IEEE TNNLS 29 (8)"
    )
    tolerance = "25% either way, a choice: a month's incidents vary by about a tenth"

    def measure(self, sample: Sample) -> list[Measure]:
        """Plan the incidents; the ordinary traffic around them fills the month up."""
        return [self._at(sample, name, share) for name, share in PREVALENCES.items()]

    def _at(self, sample: Sample, profile: str, share: float) -> Measure:
        settings = sample.settings.model_copy(
            update={"scenario": MIXED.name, "prevalence": profile, "rate_per_min": RATE_PER_MIN}
        )
        portfolio = Portfolio(settings)
        value, note = None, ""
        try:
            planned = plan_incidents(settings, portfolio, Market(settings, portfolio), sample.key)
        except UnknownScenario as error:
            note = f"the mix names a scenario that is not there: {error}".partition(";")[0]
        else:
            frauds = sum(
                swipe.role == "attack" and swipe.event_time_ms >= settings.event_time_start_ms
                for one in planned
                for swipe in one.incident.swipes
            )
            value = frauds / settings.records
            note = f"{frauds:,} of {settings.records:,} swipes"
        low, high = share * (1 - TOLERANCE), share * (1 + TOLERANCE)
        return Measure(name=profile, value=value, unit="share", low=low, high=high, note=note)
