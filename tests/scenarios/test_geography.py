from __future__ import annotations

import pytest

from scenarios.geography import EARTH_RADIUS_KM, distance_km


def test_no_distance_to_oneself() -> None:
    assert distance_km(48.1, 11.6, 48.1, 11.6) == 0.0


def test_a_quarter_of_the_equator() -> None:
    assert distance_km(0, 0, 0, 90) == pytest.approx(EARTH_RADIUS_KM * 3.14159265 / 2, rel=1e-6)


def test_the_date_line_is_no_wall() -> None:
    assert distance_km(0, 179.5, 0, -179.5) == pytest.approx(distance_km(0, 0, 0, 1))


def test_antipodes_are_half_way_round() -> None:
    assert distance_km(45, 10, -45, -170) == pytest.approx(EARTH_RADIUS_KM * 3.14159265, rel=1e-6)
