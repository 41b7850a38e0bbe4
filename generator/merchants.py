"""Where are the merchants, and how popular is each?

A terminal is a number made of place, category, rank by popularity, and lane; its position and ids
are functions of that number. Ranks are drawn by Zipf within a place and category.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from generator.cards import AWAY_SHARE, ONLINE_SHARE, Portfolio
from generator.mixing import F64, I64, U64, Bool, bits, normal, salted, uniform, zipf_rank
from generator.places import INHABITANTS_MILLIONS, KM_PER_DEGREE, PLACES
from generator.settings import ReplaySettings
from generator.spending import CATEGORIES

#: Cards of the portfolio for each merchant with a terminal, and for each one on the net. Choices.
CARDS_PER_SHOP: Final = 40
CARDS_PER_SITE: Final = 400
#: Swipes a minute that one lane is planned for. A choice; a payment takes 10 to 20 s.
LANE_PER_MIN: Final = 0.5
#: Standard deviation of a shop's distance from the centre on each axis, km. A choice.
SPREAD_KM: Final = 4.0
#: Where sites of the net are at home if not in an issuer's country, and how often. Choices.
SITE_COUNTRIES_ABROAD: Final = ("IE", "LU", "GB", "US")
SITE_ABROAD_SHARE: Final = 0.2

ONLINE_PLACE: Final = len(PLACES)
_LANE_BITS: Final = np.uint64(12)
_RANK_BITS: Final = np.uint64(32)
_CATEGORY_BITS: Final = np.uint64(6)
_MERCHANT_SALT: Final = 0x5107

_LATITUDES: Final = np.array([place.latitude for place in PLACES] + [0.0])
_LONGITUDES: Final = np.array([place.longitude for place in PLACES] + [0.0])
_KM_PER_LONGITUDE: Final = np.round(KM_PER_DEGREE * np.cos(np.radians(_LATITUDES)), 6)


@dataclass(frozen=True)
class Terminals:
    """Attributes of some terminals, one entry each; coordinates have no meaning online."""

    key: U64
    place: I64
    category: I64
    rank: I64
    latitude: F64
    longitude: F64
    country: list[str]
    merchant_id: list[str]
    terminal_id: list[str]

    @property
    def online(self) -> Bool:
        """Whether there is no terminal but a site."""
        is_online: Bool = self.place == ONLINE_PLACE
        return is_online


class Market:
    """All merchants of one replay."""

    def __init__(self, settings: ReplaySettings, portfolio: Portfolio) -> None:
        self._salt = settings.seed * 0x9E3779B9 + _MERCHANT_SALT
        self._issuers = settings.issuer_countries
        home_total = sum(INHABITANTS_MILLIONS[number] for number in portfolio.homes.tolist())
        self._merchants = np.ones((len(PLACES) + 1, len(CATEGORIES)))
        self._busiest_per_min = np.zeros_like(self._merchants)
        rate_per_min = settings.rate_per_min / settings.speedup
        homes = set(portfolio.homes.tolist())
        for index, category in enumerate(CATEGORIES):
            if category.online:
                count = portfolio.size * category.share / CARDS_PER_SITE
                self._merchants[ONLINE_PLACE, index] = max(20.0, float(round(count)))
                continue
            for number, inhabitants in enumerate(INHABITANTS_MILLIONS):
                share = inhabitants / home_total * category.share
                shops = max(5.0, float(round(portfolio.size * share / CARDS_PER_SHOP)))
                self._merchants[number, index] = shops
                top = (2.0**0.2 - 1.0) / ((shops + 1.0) ** 0.2 - 1.0)
                visited = 1.0 if number in homes else AWAY_SHARE
                busiest = rate_per_min * (1.0 - ONLINE_SHARE) * share * top * visited
                self._busiest_per_min[number, index] = round(busiest, 6)

    def rank(self, u: F64, place: I64, category: I64) -> I64:
        """A merchant's rank in its place and category, from uniform values."""
        return zipf_rank(u, self._merchants[place, category])

    def keys(self, u_lane: F64, place: I64, category: I64, rank: I64) -> U64:
        """Numbers of terminals of these merchants, the lane from uniform values."""
        # The busiest lanes decide; rank^-0.75 is rank^-0.8 near enough, without a power function.
        root = np.sqrt(rank + 1.0)
        lanes = np.ceil(
            self._busiest_per_min[place, category] / (root * np.sqrt(root)) / LANE_PER_MIN
        )
        lane = np.floor(u_lane * np.clip(lanes, 1.0, 4000.0)).astype(np.uint64)
        key = (place.astype(np.uint64) << _CATEGORY_BITS) | category.astype(np.uint64)
        merchant: U64 = (key << _RANK_BITS) | rank.astype(np.uint64)
        keys: U64 = (merchant << _LANE_BITS) | lane
        return keys

    def positions(self, key: U64) -> tuple[F64, F64]:
        """Latitude and longitude, degrees to five places (about a metre)."""
        random = self._merchant_random(key)
        place = place_of(key)
        north_km, east_km = SPREAD_KM * normal(random, 1), SPREAD_KM * normal(random, 2)
        latitude = np.round(_LATITUDES[place] + north_km / KM_PER_DEGREE, 5)
        return latitude, np.round(_LONGITUDES[place] + east_km / _KM_PER_LONGITUDE[place], 5)

    def terminals(self, key: U64) -> Terminals:
        """The attributes of terminals by number."""
        random = self._merchant_random(key)
        place = place_of(key)
        latitude, longitude = self.positions(key)
        merchants = (bits(random, 3) >> np.uint64(4)).tolist()
        lanes = (salted(key.astype(np.int64), self._salt) >> np.uint64(32)).tolist()
        return Terminals(
            key=key,
            place=place,
            category=category_of(key),
            rank=rank_of(key),
            latitude=latitude,
            longitude=longitude,
            country=self._countries(random, place),
            merchant_id=[f"{number:015X}" for number in merchants],
            terminal_id=[f"{number:08X}" for number in lanes],
        )

    def _countries(self, random: U64, place: I64) -> list[str]:
        abroad = (uniform(random, 4) < SITE_ABROAD_SHARE).tolist()
        pick = uniform(random, 5).tolist()
        return [
            PLACES[number].country
            if number != ONLINE_PLACE
            else _pick(SITE_COUNTRIES_ABROAD if is_abroad else self._issuers, u)
            for number, is_abroad, u in zip(place.tolist(), abroad, pick, strict=True)
        ]

    def _merchant_random(self, key: U64) -> U64:
        return salted((key >> _LANE_BITS).astype(np.int64), self._salt)


def place_of(key: U64) -> I64:
    """Number of the place; ``ONLINE_PLACE`` for a site."""
    return (key >> (_LANE_BITS + _RANK_BITS + _CATEGORY_BITS)).astype(np.int64)


def category_of(key: U64) -> I64:
    """Index into the categories."""
    return (key >> (_LANE_BITS + _RANK_BITS) & np.uint64(63)).astype(np.int64)


def rank_of(key: U64) -> I64:
    """Rank by popularity, 0 the most popular."""
    return (key >> _LANE_BITS & np.uint64(0xFFFFFFFF)).astype(np.int64)


def merchant_of(key: U64) -> U64:
    """The number without the lane."""
    return key >> _LANE_BITS


def _pick(names: tuple[str, ...], u: float) -> str:
    return names[int(u * len(names))]
