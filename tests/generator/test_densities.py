from __future__ import annotations

from typing import Any

import pytest

from generator.densities import Density
from generator.replay import write_replay
from generator.settings import ReplaySettings


def density(value: float) -> Density:
    return Density("swipes", value, "swipes", 1.0, 3.0, "a choice")


@pytest.mark.parametrize(
    ("value", "flagged"), [(0.9, True), (1.0, False), (3.0, False), (3.1, True)]
)
def test_a_density_outside_its_bounds_is_flagged(value: float, flagged: bool) -> None:
    assert density(value).is_flagged == flagged


def test_usual_settings_are_as_dense_as_life(smooth: Any) -> None:
    assert smooth.manifest.flagged_densities == []


def test_a_tiny_portfolio_is_flagged_and_nothing_else_of_it(soak: Any) -> None:
    assert soak.manifest.flagged_densities == ["cards in the portfolio"]


def test_every_density_says_what_its_bounds_rest_on(smooth: Any) -> None:
    assert smooth.manifest.densities
    for one in smooth.manifest.densities:
        assert one.rests_on
        assert one.unit


def test_cards_that_swipe_all_day_long_are_flagged(tmp_path: Any) -> None:
    crowded = ReplaySettings(
        scenario="ordinary",
        rate_per_min=3_000,
        duration_s=60,
        warm_up_s=0,
        swipes_per_card_day=20.0,
        speedup=1_440.0,
    )
    manifest = write_replay(crowded, tmp_path / "replay")
    assert "swipes per card and day" in manifest.flagged_densities
