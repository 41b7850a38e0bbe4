"""How far apart are two points on Earth?"""

from __future__ import annotations

import math
from typing import Final

#: Mean radius of the Earth, km (IUGG 1980).
EARTH_RADIUS_KM: Final = 6371.0088


def distance_km(
    latitude: float, longitude: float, other_latitude: float, other_longitude: float
) -> float:
    """Great-circle distance, km, of two points in degrees (haversine, Sinnott 1984).

    Examples
    --------
    >>> round(distance_km(52.52, 13.405, 48.8566, 2.3522))  # Berlin, Paris
    877
    """
    phi, other_phi = math.radians(latitude), math.radians(other_latitude)
    half_phi = (other_phi - phi) / 2
    half_lambda = math.radians(other_longitude - longitude) / 2
    chord = (
        math.sin(half_phi) ** 2 + math.cos(phi) * math.cos(other_phi) * math.sin(half_lambda) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, chord)))
