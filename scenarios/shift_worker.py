"""Does the holder only live at night?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import msgspec

from scenarios.base import Difficulty, Incident, LookAlike, PlannedSwipe, ScenarioParameters, World
from scenarios.cash import CASH_MACHINE_MCC, NOTE_MINOR, moved_to_night
from scenarios.drawing import chance
from scenarios.features import hour_of_day
from scenarios.planning import card_incident, event_times_ms, swipe_at

#: Open at night: fast food, service stations. A choice.
NIGHT_MCCS: Final = ("5814", "5541")


class ShiftWorkerParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`ShiftWorker`. All values are choices.

    Parameters
    ----------
    swipes_min, swipes_max
        Swipes in the shift, evenly.
    gap_mean_s
        Mean seconds between them (exponential).
    night_share
        Shifts that begin with a swipe between midnight and five (UTC).
    cash_share
        Swipes at a cash machine.
    cash_factor
        Amounts of cash over what the holder draws otherwise.
    """

    swipes_min: int
    swipes_max: int
    gap_mean_s: float
    night_share: float
    cash_share: float
    cash_factor: float


class ShiftWorker(LookAlike):
    """Does the holder only live at night?

    What happens
    ------------
    Somebody who works shifts draws cash before the bus, eats at two and fuels at four: all by
    night, at places that are open, in the holder's own city.

    Reported by
    -----------
    Nobody; when the card is blocked, the holder, at night, with nobody on the telephone.

    Difficulty
    ----------
    easy: late evenings mostly. medium: half of it by night. hard: the night alone, cash first.

    References
    ----------
    That about a fifth of employees in the EU work at night at times is in Eurofound, "European
    Working Conditions Survey" (2015). The figures are choices.
    """

    name: ClassVar[str] = "shift_worker"
    resembles: ClassVar[str] = "atm_cashout"
    feature_name: ClassVar[str] = "hour of the first swipe, counted from noon UTC"
    Parameters = ShiftWorkerParameters
    parameters: ShiftWorkerParameters
    by_difficulty: ClassVar[Mapping[Difficulty, ShiftWorkerParameters]] = {
        "easy": ShiftWorkerParameters(
            swipes_min=1,
            swipes_max=3,
            gap_mean_s=7_000.0,
            night_share=0.1,
            cash_share=0.2,
            cash_factor=1.0,
        ),
        "medium": ShiftWorkerParameters(
            swipes_min=1,
            swipes_max=4,
            gap_mean_s=5_000.0,
            night_share=0.4,
            cash_share=0.4,
            cash_factor=1.2,
        ),
        "hard": ShiftWorkerParameters(
            swipes_min=1,
            swipes_max=4,
            gap_mean_s=3_000.0,
            night_share=0.6,
            cash_share=0.6,
            cash_factor=1.5,
        ),
    }

    feature = staticmethod(hour_of_day)

    def incident(self, world: World, dial: ShiftWorkerParameters) -> Incident:
        """One shift."""
        card = world.take_card()
        times_ms = event_times_ms(world, (dial.swipes_min, dial.swipes_max), 60.0, dial.gap_mean_s)
        if chance(world, dial.night_share):
            times_ms = moved_to_night(world, times_ms)
        swipes: list[PlannedSwipe] = []
        for at_ms in times_ms:
            if chance(world, dial.cash_share):
                machine = world.terminal(card.place, CASH_MACHINE_MCC)
                swipe = swipe_at(world, card, machine, at_ms, "look_alike")
                notes = max(1, round(swipe.amount_minor * dial.cash_factor / NOTE_MINOR))
                swipes.append(msgspec.structs.replace(swipe, amount_minor=notes * NOTE_MINOR))
            else:
                counter = world.terminal(card.place, NIGHT_MCCS[int(world.rng.integers(2))])
                swipes.append(swipe_at(world, card, counter, at_ms, "look_alike"))
        return card_incident(card, swipes)
