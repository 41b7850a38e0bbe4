"""Which cards are there, and what is each one like?

The portfolio is a range of numbers; a card's attributes are functions of its number. How many
cards there are follows from the rate of swipes in event time and from how often a card swipes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from generator.mixing import F64, I64, U64, bits, normal, salted, uniform, zipf_rank
from generator.places import CURRENCIES, INHABITANTS_MILLIONS, PLACES
from generator.schedule import activity_days
from generator.settings import ReplaySettings
from generator.spending import LEVEL_LOG_SD, ONLINE_MOMENTS, PRESENT_MOMENTS

#: Classes of cards: share of the portfolio, and activity relative to the mean. A choice; the
#: activities average to 1.
ACTIVITY_CLASSES: Final = ((0.50, 0.30), (0.40, 1.10), (0.10, 4.10))
#: Cards whose holder is in another city for the time being. A choice.
AWAY_SHARE: Final = 0.03
#: Mean share of a card's swipes that are remote, and half the width it is spread over. A choice
#: near the sixth of payments that the ECB's SPACE study 2022 found online, higher for cards.
ONLINE_SHARE: Final = 0.25
ONLINE_SHARE_SPREAD: Final = 0.20
#: Cards for each issuer number, at least. A choice: eight-digit numbers stand for one product.
CARDS_PER_BIN: Final = 1_000_000
#: Days that a profile's running figures of amounts stand for. A choice.
PROFILE_DAYS: Final = 180

_CARD_SALT: Final = 0x5CA1AB1E


@dataclass(frozen=True)
class Cards:
    """Attributes of some cards, one entry each.

    ``home`` and ``current`` are numbers of places; ``per_day`` swipes a day; ``level`` the shift
    of the card's ln(amount); ``log_scale`` ln of its currency's minor units to a euro cent.
    """

    number: I64
    random: U64
    home: I64
    current: I64
    bin: list[str]
    per_day: F64
    level: F64
    scale: F64
    online_share: F64
    devices: I64
    amount_count: I64
    amount_log_mean: F64
    amount_log_sd: F64

    def __len__(self) -> int:
        return len(self.number)


class Portfolio:
    """All cards of one replay's issuers.

    Attributes
    ----------
    size
        Number of cards.
    """

    def __init__(self, settings: ReplaySettings) -> None:
        self.settings = settings
        self.size = portfolio_size(settings)
        self._salt = settings.seed * 0x9E3779B9 + _CARD_SALT
        bounds = [0]
        for share, _ in ACTIVITY_CLASSES[:-1]:
            bounds.append(bounds[-1] + max(1, round(self.size * share)))
        self._bounds = np.array([*bounds, max(self.size, bounds[-1] + 1)])
        self._swipe_share = np.cumsum([share * rate for share, rate in ACTIVITY_CLASSES])[:-1]
        self._per_day = settings.swipes_per_card_day * np.array([r for _, r in ACTIVITY_CLASSES])
        homes = [place.number for place in PLACES if place.country in settings.issuer_countries]
        self.homes = np.array(homes)
        self._home_cumulative = cumulative([INHABITANTS_MILLIONS[number] for number in homes])
        self._away_cumulative = cumulative(list(INHABITANTS_MILLIONS))
        self.bins_per_country = max(4, self.size // CARDS_PER_BIN // len(settings.issuer_countries))

    def draw(self, rng: np.random.Generator, count: int) -> I64:
        """Numbers of the cards of so many swipes; busy cards come more often."""
        kind = np.searchsorted(self._swipe_share, rng.random(count), side="right")
        low, high = self._bounds[kind], self._bounds[kind + 1]
        number: I64 = low + np.floor(rng.random(count) * (high - low)).astype(np.int64)
        return number

    def cards(self, number: I64) -> Cards:
        """The attributes of cards by number."""
        random = salted(number, self._salt)
        home = self.homes[np.searchsorted(self._home_cumulative, uniform(random, 1), side="right")]
        elsewhere = np.searchsorted(self._away_cumulative, uniform(random, 2), side="right")
        current = np.where(uniform(random, 3) < AWAY_SHARE, elsewhere, home)
        kind = np.searchsorted(self._bounds, number, side="right") - 1
        per_day = self._per_day[kind]
        level = np.round(LEVEL_LOG_SD * normal(random, 1), 6)
        online_share = ONLINE_SHARE + ONLINE_SHARE_SPREAD * (2.0 * uniform(random, 4) - 1.0)
        scale = _SCALES[home]
        count = np.clip(np.floor(per_day * PROFILE_DAYS), 5, 100_000).astype(np.int64)
        mean, deviation = _amount_moments(online_share)
        mean = mean + level + np.round(np.log(scale), 6)
        return Cards(
            number=number,
            random=random,
            home=home,
            current=current,
            bin=self._bins(random, home),
            per_day=per_day,
            level=level,
            scale=scale,
            online_share=online_share,
            devices=1 + (bits(random, 5) & np.uint64(1)).astype(np.int64),
            amount_count=count,
            amount_log_mean=np.round(mean + normal(random, 2) * deviation / np.sqrt(count), 6),
            amount_log_sd=np.round(deviation, 6),
        )

    def _bins(self, random: U64, home: I64) -> list[str]:
        """Issuer numbers with a leading 9, which ISO/IEC 7812 leaves to national use: no real one.

        Cards spread over a country's numbers by Zipf.
        """
        count = np.full(len(random), float(self.bins_per_country))
        ranks = zipf_rank(uniform(random, 6), count).tolist()
        return [
            f"9{_COUNTRY_CODES[h]:02d}{r:05d}" for h, r in zip(home.tolist(), ranks, strict=True)
        ]


def portfolio_size(settings: ReplaySettings) -> int:
    """Number of cards that make the rate asked for at this time of day.

    Rate of event time (swipes a day) over swipes a card and day, corrected for how busy the
    replay's hours are.
    """
    edges_ms = np.array([settings.event_time_start_ms, settings.event_time_end_ms])
    start, end = activity_days(edges_ms).tolist()
    days: float = max(end - start, 1e-9)
    return max(100, round(settings.records / days / settings.swipes_per_card_day))


def cumulative(weights: list[float]) -> F64:
    """Upper bounds of all but the last share, for ``searchsorted``."""
    total = math.fsum(weights)
    bounds: F64 = np.cumsum(np.array([round(weight / total, 12) for weight in weights]))
    return bounds[:-1]


def _amount_moments(online_share: F64) -> tuple[F64, F64]:
    """Mean and standard deviation of ln(amount) of a holder with that share of remote swipes."""
    present_mean, present_variance = PRESENT_MOMENTS
    online_mean, online_variance = ONLINE_MOMENTS
    present_share = 1.0 - online_share
    mean = present_share * present_mean + online_share * online_mean
    between = present_share * online_share * (online_mean - present_mean) ** 2
    variance = present_share * present_variance + online_share * online_variance + between
    return mean, np.sqrt(variance)


_SCALES: Final = np.array([CURRENCIES.get(place.country, ("EUR", 1.0))[1] for place in PLACES])
_COUNTRIES: Final = sorted({place.country for place in PLACES})
_COUNTRY_CODES: Final = [_COUNTRIES.index(place.country) for place in PLACES]
