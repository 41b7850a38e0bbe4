from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from generator.cards import Portfolio
from generator.merchants import Market
from generator.settings import ReplaySettings
from generator.world import PopulationWorld

SETTINGS = ReplaySettings(scenario="ordinary", rate_per_min=6_000, duration_s=60, warm_up_s=0)


#: 30 days of some 100,000 cards.
MONTH = ReplaySettings(
    scenario="ordinary", rate_per_min=50_000, duration_s=3_600, warm_up_s=0, speedup=720
)


def world_maker(settings: ReplaySettings) -> Callable[..., PopulationWorld]:
    portfolio = Portfolio(settings)
    market = Market(settings, portfolio)

    def make(seed: int = 1) -> PopulationWorld:
        return PopulationWorld(
            portfolio,
            market,
            set(),
            b"test",
            np.random.default_rng(seed),
            settings.measured_start_ms,
            settings.event_time_end_ms,
        )

    return make


@pytest.fixture(scope="session")
def make_world() -> Callable[..., PopulationWorld]:
    """A minute."""
    return world_maker(SETTINGS)


@pytest.fixture(scope="session")
def make_month() -> Callable[..., PopulationWorld]:
    """30 days."""
    return world_maker(MONTH)
