"""Was the card in two places faster than anybody can travel?"""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import Annotated, ClassVar, Final

from msgspec import Meta

from job.contracts import CARD_PRESENT, Swipe
from job.engine.card_state import CardState, PastSwipe
from job.rules.base import CardRule, Evidence, RuleParameters

#: Mean radius of the Earth, km: Moritz (2000), "Geodetic Reference System 1980", J. Geodesy 74.
EARTH_RADIUS_KM: Final = 6371.0088
#: A degree of a great circle is 111.195 km; a little more, so that rounding never hides a pair.
KM_PER_DEGREE_BOUND: Final = 111.1951
MS_PER_HOUR: Final = 3_600_000


class ImpossibleTravelParameters(RuleParameters, frozen=True, kw_only=True):
    """Parameters of :class:`ImpossibleTravel`.

    Parameters
    ----------
    lookback_ms
        How far back in event time earlier swipes are looked at, milliseconds. A choice: 24 hours,
        in which an airliner reaches every place on Earth.
    speed_kmh
        Implied speed from which on the rule fires, km/h. Source: the cruise of long-haul
        airliners, Mach 0.85 at 11 km in the standard atmosphere (ICAO Doc 7488) is 903 km/h; that
        a traveller also boards and leaves is the margin.
    min_distance_km
        Places closer than this are never compared, km. A choice: what a city and its airports
        span.
    location_error_km
        Subtracted from the distance, km: terminals are registered at a branch's or a city's
        coordinates. A choice.
    clock_skew_ms
        Added to the time between, milliseconds: terminals' clocks differ. A choice: two minutes.
    weight
        Probability of fraud that the rule alone stands for. A choice until measured.
    """

    lookback_ms: Annotated[int, Meta(gt=0, le=604_800_000)] = 86_400_000
    speed_kmh: Annotated[float, Meta(gt=0.0, le=100_000.0)] = 900.0
    min_distance_km: Annotated[float, Meta(ge=0.0, le=20_016.0)] = 100.0
    location_error_km: Annotated[float, Meta(ge=0.0, le=1_000.0)] = 20.0
    clock_skew_ms: Annotated[int, Meta(ge=1, le=3_600_000)] = 120_000
    weight: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.8


def great_circle_km(
    latitude: float, longitude: float, other_latitude: float, other_longitude: float
) -> float:
    """Distance on the sphere by the haversine formula, km; arguments in degrees.

    References
    ----------
    R. W. Sinnott (1984), "Virtues of the Haversine", Sky and Telescope 68 (2), 159.

    Examples
    --------
    Paris to New York:

    >>> round(great_circle_km(48.8566, 2.3522, 40.7128, -74.0060))
    5837
    """
    phi, other_phi = radians(latitude), radians(other_latitude)
    across = sin((other_phi - phi) / 2)
    along = sin(radians(other_longitude - longitude) / 2)
    haversine = across * across + cos(phi) * cos(other_phi) * along * along
    # Rounding can lift antipodes a hair above 1.
    return 2 * EARTH_RADIUS_KM * asin(sqrt(min(1.0, haversine)))


class ImpossibleTravel(CardRule):
    """Was the card in two places faster than anybody can travel?

    Formula
    -------
    A swipe is *placed* when its entry mode is card-present (``chip``, ``contactless``,
    ``magstripe``, ``fallback``), latitude and longitude are both given, and it is no ``reversal``;
    approved or declined. For this swipe at event time t, if placed, and each earlier-arrived
    placed swipe of the card with event time t' > t - ``lookback_ms``, let d be the great-circle
    distance in km (haversine, radius 6371.0088 km). Where d >= ``min_distance_km``::

        speed = (d - location_error_km) / ((|t - t'| + clock_skew_ms) / 3,600,000)

    value = the greatest of these speeds, in km/h; 0 without any, or if none is above 0. Fires when
    value >= ``speed_kmh``.

    Misses
    ------
    A clone used within ``min_distance_km`` of its owner, or so much later that somebody could have
    flown; swipes without coordinates; card-not-present fraud. After a clone's swipe the owner's
    next one at home fires as well: right card, wrong swipe. Swipes on board that are placed at the
    airline's seat can fire on a traveller.

    Disorder
    --------
    None for a pair: the time between is taken without sign, so whichever of the two swipes arrives
    last fires. Which of them that is depends on the arrival.

    References
    ----------
    R. W. Sinnott (1984), "Virtues of the Haversine", Sky and Telescope 68 (2), 159.
    Commission Delegated Regulation (EU) 2018/389, article 18(2)(c)(v): abnormal location of the
    payer.

    Examples
    --------
    Paris to New York within an hour:

    >>> from job.rules.example import example_card, example_swipe
    >>> hour_ms = 3_600_000
    >>> paris = example_swipe(event_time_ms=0, latitude=48.8566, longitude=2.3522)
    >>> new_york = example_swipe(event_time_ms=hour_ms, latitude=40.7128, longitude=-74.0060)
    >>> round(ImpossibleTravel().measure(new_york, example_card(paris)))
    5630
    """

    name: ClassVar[str] = "impossible_travel"
    reason_code: ClassVar[str] = "IMPOSSIBLE_TRAVEL"
    unit: ClassVar[str] = "km/h"
    needs: ClassVar[frozenset[str]] = frozenset({"entry_mode", "latitude", "longitude"})
    Parameters = ImpossibleTravelParameters
    parameters: ImpossibleTravelParameters

    def __init__(self, parameters: ImpossibleTravelParameters | None = None) -> None:
        super().__init__(parameters)
        self._near_degrees = self.parameters.min_distance_km / KM_PER_DEGREE_BOUND

    @property
    def threshold(self) -> float:
        """Implied speed, km/h."""
        return self.parameters.speed_kmh

    @property
    def lookback_ms(self) -> int:
        """The lookback."""
        return self.parameters.lookback_ms

    def measure(self, swipe: Swipe, card: CardState) -> float:
        """Greatest implied speed, km/h."""
        return self._fastest(swipe, card)[0]

    def _fastest(self, swipe: Swipe, card: CardState) -> tuple[float, PastSwipe | None]:
        fastest_kmh, culprit = 0.0, None
        latitude, longitude = swipe.latitude, swipe.longitude
        if latitude is None or longitude is None or not _placed(swipe):
            return fastest_kmh, culprit
        after_ms = swipe.event_time_ms - self.parameters.lookback_ms
        near_degrees = self._near_degrees
        for past in reversed(card.history):
            if past.event_time_ms <= after_ms:
                break
            past_latitude, past_longitude = past.latitude, past.longitude
            if past_latitude is None or past_longitude is None:
                continue
            # d <= 111.195 km * (|dlat| + |dlon|): the way along a parallel and a meridian is no
            # shorter than the great circle. Swipes around home stop here, without trigonometry.
            degrees = abs(past_latitude - latitude) + abs(past_longitude - longitude)
            if degrees < near_degrees:
                continue
            if not _placed(past):
                continue
            between_ms = swipe.event_time_ms - past.event_time_ms
            # By the same bound: a pair that cannot be faster than one already seen. On a journey
            # nearly all pairs but the newest stop here.
            if self._speed_kmh(degrees * KM_PER_DEGREE_BOUND, between_ms) <= fastest_kmh:
                continue
            km = great_circle_km(latitude, longitude, past_latitude, past_longitude)
            speed_kmh = self._speed_kmh(km, between_ms)
            if speed_kmh > fastest_kmh:
                fastest_kmh, culprit = speed_kmh, past
        return fastest_kmh, culprit

    def _speed_kmh(self, km: float, between_ms: int) -> float:
        parameters = self.parameters
        if km < parameters.min_distance_km:
            return 0.0
        hours = (abs(between_ms) + parameters.clock_skew_ms) / MS_PER_HOUR
        return (km - parameters.location_error_km) / hours

    def explain(self, swipe: Swipe, card: CardState) -> Evidence:
        """The pair with the greatest speed."""
        _, past = self._fastest(swipe, card)
        if past is None:
            return Evidence({})
        # None was ruled out above; the type does not know.
        here = (swipe.latitude or 0.0, swipe.longitude or 0.0)
        there = (past.latitude or 0.0, past.longitude or 0.0)
        return Evidence(
            {
                "distance_km": round(great_circle_km(*here, *there), 3),
                "between_ms": swipe.event_time_ms - past.event_time_ms,
                "from_country": past.country,
                "to_country": swipe.country,
                "location_error_km": self.parameters.location_error_km,
                "clock_skew_ms": self.parameters.clock_skew_ms,
            },
            (past.swipe_id,),
        )


def _placed(swipe: Swipe | PastSwipe) -> bool:
    """Was the card itself there? Its coordinates are checked apart."""
    return swipe.entry_mode in CARD_PRESENT and swipe.message_type != "reversal"
