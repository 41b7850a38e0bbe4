"""Does a stranger's device look like any new device of the population?"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from evaluation.realism.base import Check, Measure
from evaluation.realism.probe import characters, probe
from evaluation.realism.sample import Sample
from generator.cards import Portfolio
from generator.merchants import Market
from generator.world import PopulationWorld

#: Devices of each kind.
DEVICES: Final = 1_000
HIGH: Final = 0.60


class Devices(Check):
    """ROC AUC of gradient boosting on the ids of strangers' and of cards' new devices."""

    name = "devices"
    question = "Does a stranger's device look like any new device of the population?"
    source = "a choice: 0.5 is a coin, 1 is certain"
    tolerance = "ROC AUC of at most 0.6, a choice; one length and one alphabet for both"

    def measure(self, sample: Sample) -> list[Measure]:
        """Over devices that the population gives out."""
        world = _world(sample)
        strangers = pd.Series([world.unknown_device() for _ in range(DEVICES)])
        cards = [world.take_card() for _ in range(DEVICES)]
        new = pd.Series([world.new_device(card) for card in cards])
        own = pd.Series([device for card in cards for device in card.device_ids])
        known = set(new) | set(own)
        shapes = {(len(one), frozenset(one) <= frozenset("0123456789abcdef")) for one in strangers}
        shapes |= {(len(one), frozenset(one) <= frozenset("0123456789abcdef")) for one in known}
        auc = probe(characters(strangers), characters(pd.concat([new, own]))).auc
        return [
            Measure(name="auc", value=auc, unit="ROC AUC", high=HIGH),
            Measure(name="shapes", value=float(len(shapes)), unit="kinds", low=1, high=1),
            Measure(
                name="strangers_known",
                value=float(strangers.isin(known).sum()),
                unit="devices",
                high=0,
            ),
        ]


def _world(sample: Sample) -> PopulationWorld:
    portfolio = Portfolio(sample.settings)
    return PopulationWorld(
        portfolio,
        Market(sample.settings, portfolio),
        set(),
        sample.key,
        np.random.default_rng([sample.settings.seed, 1]),
        sample.settings.measured_start_ms,
        sample.settings.event_time_end_ms,
    )
