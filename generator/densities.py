"""Is the traffic as dense as in life, on each card, merchant, terminal and issuer number?

Rules that count are blind or deafened by traffic that no portfolio would show, so each density is
held against bounds. The bounds are choices; what they rest on stands beside them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable

import msgspec

from generator.settings import ReplaySettings
from generator.traffic import Traffic
from job.contracts import Swipe

_MS_PER_MIN = 60_000


class Density(msgspec.Struct, frozen=True):
    """One density with its bounds; outside them it is flagged."""

    name: str
    value: float
    unit: str
    low: float
    high: float
    rests_on: str

    @property
    def is_flagged(self) -> bool:
        """Whether it is outside the bounds."""
        return not self.low <= self.value <= self.high


def measure_densities(settings: ReplaySettings, traffic: Traffic) -> list[Density]:
    """The densities of the undisturbed swipes from the first second on, as rows to print."""
    swipes = [one.swipe for one in traffic.swipes]
    seconds = settings.duration_s + settings.warm_up_s
    minutes = seconds * settings.speedup / 60
    days = minutes / 1440
    cards = Counter(swipe.card_token for swipe in swipes)
    bins = Counter(swipe.bin for swipe in swipes)
    merchants = Counter(swipe.merchant_id for swipe in swipes)
    cards_per_bin = traffic.portfolio.size / traffic.portfolio.bins_per_country
    cards_per_bin /= len(settings.issuer_countries)
    shops = [swipe for swipe in swipes if swipe.latitude is not None]
    sites = [swipe for swipe in swipes if swipe.latitude is None]
    return [
        Density(
            "swipes per card and day",
            round(len(swipes) / traffic.portfolio.size / days, 4),
            "swipes",
            0.05,
            10.0,
            "0.2 over all issued cards (ECB 2020) to a few for cards in daily use; busy hours more",
        ),
        Density(
            "cards in the portfolio",
            float(traffic.portfolio.size),
            "cards",
            10_000,
            700e6,
            "a small bank to all cards of the euro area (609 M, ECB 2020)",
        ),
        Density(
            "swipes of the busiest card in 10 min",
            float(_busiest(swipes, lambda s: s.card_token, 10)),
            "swipes",
            1,
            12,
            "a payment a minute is the most a holder does",
        ),
        Density(
            "swipes per active card",
            round(len(swipes) / max(1, len(cards)), 4),
            "swipes",
            1.0,
            max(1.5, 20.0 * settings.swipes_per_card_day * days),
            "active cards swipe once in minutes, a few times a day",
        ),
        Density(
            "swipes of the busiest terminal in 1 min",
            float(_busiest(shops, lambda s: (s.merchant_id, s.terminal_id), 1)),
            "swipes",
            1,
            8,
            "a payment at a counter takes 8 s or more",
        ),
        Density(
            "swipes per active merchant and minute",
            round(len(swipes) / max(1, len(merchants)) / minutes, 4),
            "swipes",
            0.0,
            20.0,
            "most merchants take less than one a minute",
        ),
        Density(
            "share of the busiest site among remote swipes",
            round(_top_share(sites), 4),
            "share",
            0.0,
            0.25,
            "the largest sites of a country take a tenth or so",
        ),
        Density(
            "cards per issuer number",
            float(round(cards_per_bin)),
            "cards",
            100,
            20e6,
            "one product of an issuer: thousands to millions",
        ),
        Density(
            "share of the busiest issuer number",
            round(max(bins.values(), default=0) / max(1, len(swipes)), 4),
            "share",
            0.0,
            0.25,
            "no single product has a quarter of five countries",
        ),
    ]


def _busiest(swipes: list[Swipe], entity: Callable[[Swipe], Hashable], window_min: int) -> int:
    """The most swipes of one entity in one tumbling window."""
    window_ms = window_min * _MS_PER_MIN
    counts = Counter((entity(swipe), swipe.event_time_ms // window_ms) for swipe in swipes)
    return max(counts.values(), default=0)


def _top_share(swipes: list[Swipe]) -> float:
    counts = Counter(swipe.merchant_id for swipe in swipes)
    return max(counts.values(), default=0) / max(1, len(swipes))
