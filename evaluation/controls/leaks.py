"""How is a leaking generator noticed: by checks of realism, on a small sample with one attack?"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Final

import pandas as pd

from evaluation.controls.base import CannotTry, Control, Sighting
from evaluation.controls.material import Material
from evaluation.realism.base import check_classes
from evaluation.realism.sample import ALL_CARDS_PER_DAY, Sample, frame, month
from generator.traffic import make_traffic
from scenarios.base import DIFFICULTIES

SCENARIO: Final = "geo_jump"
SEED: Final = 1
#: Swipes in 30 days: so few that the sample is made in seconds.
SWIPES: Final = 20_000
#: Of each difficulty: 90 in all, of which the fingerprints need 60 of different cards.
INCIDENTS: Final = 30
#: Of the tokens; no real data is behind them.
KEY: Final = b"controls"


def small_traffic() -> Sample:
    """Make 30 days of traffic with attacks of one scenario; a function of the constants above.

    The ordinary part stands for the sample of ordinary traffic: no control looks at that one.
    """
    settings = month(SEED, SWIPES).model_copy(
        update={
            "incident_plan": tuple((SCENARIO, level, INCIDENTS) for level in DIFFICULTIES),
            "swipes_per_card_day": ALL_CARDS_PER_DAY,
        }
    )
    traffic = make_traffic(settings, settings.records, KEY)
    staged = frame(traffic)
    ordinary: pd.DataFrame = staged[staged["role"] == "ordinary"]
    return Sample(
        ordinary=ordinary,
        staged=staged,
        cards=traffic.portfolio.size,
        settings=settings,
        key=KEY,
    )


class Leak(Control):
    """A control that writes the label into generated traffic, for a check of realism to find."""

    def unbroken(self, material: Material) -> Sighting:
        """Of the traffic as it is generated."""
        return self._measured(_traffic_of(material))

    def sighted(self, material: Material) -> Sighting:
        """Of the traffic with the label in it."""
        traffic = _traffic_of(material)
        rows = traffic.staged.copy()
        self.leak(rows, rows["role"] == "attack")
        return self._measured(replace(traffic, staged=rows))

    @abstractmethod
    def leak(self, rows: pd.DataFrame, attack: pd.Series[bool]) -> None:
        """Change the rows so that the swipes of attacks can be told.

        Parameters
        ----------
        rows
            One a swipe, as :func:`evaluation.realism.sample.frame` makes them.
        attack
            Which of them are an attack's.
        """

    def _measured(self, traffic: Sample) -> Sighting:
        measures = check_classes()[self.judge]().measure(traffic)
        found = next((one for one in measures if one.name == self.figure), None)
        if found is None:
            return Sighting(None, "", None, f"{self.judge} has no figure {self.figure}")
        return Sighting(found.value, found.unit, found.verdict, f"{found.bounds}; {found.note}")


def _traffic_of(material: Material) -> Sample:
    if material.traffic is None:
        raise CannotTry("no traffic was generated")
    return material.traffic
