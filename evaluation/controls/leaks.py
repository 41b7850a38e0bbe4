"""What do the checks of realism say of a small sample with one attack?"""

from __future__ import annotations

from typing import Final

import pandas as pd

from evaluation.controls.base import CannotTry, Control, Sighting
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


def seen_by_check(control: Control, traffic: Sample | None) -> Sighting:
    """A control's figure, as the check that it names measures it.

    Raises
    ------
    CannotTry
        If there is no traffic.
    """
    if traffic is None:
        raise CannotTry("no traffic was generated")
    measures = check_classes()[control.judge]().measure(traffic)
    found = next((one for one in measures if one.name == control.figure), None)
    if found is None:
        return Sighting(None, "", None, f"{control.judge} has no figure {control.figure}")
    return Sighting(found.value, found.unit, found.verdict, f"{found.bounds}; {found.note}")
