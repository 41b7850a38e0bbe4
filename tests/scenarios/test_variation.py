"""Tuning, validation and exam share no point of a dial, and none is harder than another."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from scenarios.base import DIFFICULTIES, Scenario
from scenarios.discovery import scenario_classes
from scenarios.variation import SPLITS, SPREAD, TEETH, Split, dial_position, vary

each_scenario = pytest.mark.parametrize("scenario_class", scenario_classes().values(), ids=str)


def positions(split: Split) -> np.ndarray:
    rng = np.random.default_rng(7)
    return np.array([dial_position(rng, split) for _ in range(3_000)])


def test_no_two_splits_share_a_tooth() -> None:
    teeth = {split: set((positions(split) * TEETH * len(SPLITS)).astype(int)) for split in SPLITS}
    for one in SPLITS:
        for other in SPLITS:
            assert one == other or not teeth[one] & teeth[other]


def test_all_splits_have_the_same_mean_dial() -> None:
    means = [positions(split).mean() for split in SPLITS]
    assert max(means) - min(means) < 0.1
    assert positions("all").mean() == pytest.approx(0.5, abs=0.02)


@each_scenario
def test_a_varied_dial_stays_one(scenario_class: type[Scenario]) -> None:
    rng = np.random.default_rng(3)
    for difficulty in DIFFICULTIES:
        dial = scenario_class.by_difficulty[difficulty]
        for _ in range(20):
            varied = vary(dial, rng, "exam")
            for name in dial.__struct_fields__:
                before, after = getattr(dial, name), getattr(varied, name)
                assert type(after) is type(before)
                assert abs(after - before) <= SPREAD * abs(before) + (
                    0.5 if isinstance(before, int) else 1e-6
                )
                if name.endswith("_share"):
                    assert 0.0 <= after <= 1.0
                if "_min" in name and name.replace("_min", "_max") in dial.__struct_fields__:
                    assert after <= getattr(varied, name.replace("_min", "_max"))


@each_scenario
def test_the_dial_that_ships_is_not_changed(scenario_class: type[Scenario]) -> None:
    before = msgspec.json.encode(scenario_class.by_difficulty["easy"])
    vary(scenario_class.by_difficulty["easy"], np.random.default_rng(1), "tuning")
    assert msgspec.json.encode(scenario_class.by_difficulty["easy"]) == before
