from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from generator.cards import Portfolio
from generator.merchants import Market
from generator.settings import ReplaySettings
from generator.world import PopulationWorld

SETTINGS = ReplaySettings(scenario="ordinary", rate_per_min=6_000, duration_s=60, warm_up_s=0)


@pytest.fixture(scope="session")
def make_world() -> Callable[..., PopulationWorld]:
    portfolio = Portfolio(SETTINGS)
    market = Market(SETTINGS, portfolio)

    def make(seed: int = 1) -> PopulationWorld:
        return PopulationWorld(
            portfolio,
            market,
            set(),
            b"test",
            np.random.default_rng(seed),
            SETTINGS.measured_start_ms,
            SETTINGS.event_time_end_ms,
        )

    return make
