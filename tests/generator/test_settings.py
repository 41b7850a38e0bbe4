from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from generator.settings import ReplaySettings, SettingsError


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rate_per_min": 0}, "rate_per_min: .*greater than or equal to 1"),
        ({"difficulty": "brutal"}, "difficulty: .*'easy', 'medium' or 'hard'"),
        ({"scenario": "geojump"}, "scenario: .*did you mean 'geo_jump'"),
        ({"speedup": 0.5}, "speedup: "),
        ({"issuer_countries": ("XX",)}, "issuer_countries: no cards are issued in XX; countries:"),
        ({"issuer_countries": ("DE", "DE")}, "issuer_countries: a country is named twice"),
        ({"issuer_countries": ()}, "issuer_countries: "),
        ({"disturbances": {"late": 2.0}}, "disturbances.late: "),
        ({"disturbances": {"unreadable_kinds": ("x",)}}, "disturbances.unreadable_kinds.0: "),
        ({"event_time_start": datetime(2026, 3, 2)}, "event_time_start: has no time zone"),
        ({"rat_per_min": 5}, "rat_per_min: Extra inputs"),
    ],
)
def test_a_wrong_field_is_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        ReplaySettings.parse(values)


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(SettingsError, match=r"rate_per_min: .*; seed: "):
        ReplaySettings.parse({"rate_per_min": 0, "seed": -1})


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        ReplaySettings().seed = 2


def test_the_default_start_is_fixed() -> None:
    assert ReplaySettings().event_time_start_ms == 1_772_470_800_000


def test_the_warm_up_comes_before_the_measured_duration() -> None:
    settings = ReplaySettings(warm_up_s=10, duration_s=60, speedup=2.0)
    assert settings.measured_start_ms - settings.event_time_start_ms == 20_000
    assert settings.event_time_end_ms - settings.measured_start_ms == 120_000


def test_a_minute_at_the_usual_rate_has_over_a_hundred_incidents() -> None:
    assert ReplaySettings().incident_count >= 100


def test_ordinary_traffic_has_no_incidents() -> None:
    assert ReplaySettings(scenario="ordinary").incident_count == 0
