"""Is a copied or stolen card emptied at cash machines?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from scenarios.base import (
    Card,
    Difficulty,
    Incident,
    PlannedSwipe,
    Role,
    Scenario,
    ScenarioParameters,
    Terminal,
    World,
)
from scenarios.cash import CASH_MACHINE_MCC, NOTE_MINOR, moved_to_night
from scenarios.drawing import chance
from scenarios.planning import card_incident, copied_card, event_times_ms


class AtmCashoutParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`AtmCashout`. All values are choices.

    Parameters
    ----------
    withdrawals_min, withdrawals_max
        Withdrawals, evenly.
    gap_mean_s
        Mean seconds between them (exponential).
    amount_factor
        Amounts over what the holder draws.
    night_share
        Incidents that begin between midnight and five (UTC).
    magstripe_share
        Incidents with a copied stripe; the others have the chip and its PIN.
    away_share
        Incidents in another city, at the least distance or further.
    away_min_km
        That distance.
    refused_share
        Withdrawals that a limit refuses.
    """

    withdrawals_min: int
    withdrawals_max: int
    gap_mean_s: float
    amount_factor: float
    night_share: float
    magstripe_share: float
    away_share: float
    away_min_km: float
    refused_share: float


class AtmCashout(Scenario):
    """Is a copied or stolen card emptied at cash machines?

    What happens
    ------------
    With a stolen card and its PIN, or with a copy where stripes are still read, somebody draws
    cash until the limit answers 61 or the account 51, often by night, when nobody watches the
    machine, and again after midnight, when the day's limit begins anew. The holder goes on
    living.

    Reported by
    -----------
    The holder, on seeing the account; the operator of the machines, from the camera.

    Difficulty
    ----------
    easy: many withdrawals in a row, of large amounts, from a copied stripe, in another country.
    medium: some, at several machines, mostly at night. hard: one to three, of what the holder
    draws, with the chip, in the holder's own city, by day as well.

    References
    ----------
    Europol, "Payment Card Fraud in the European Union" (2012), on counterfeit cards cashed
    overseas. EAST (European Association for Secure Transactions), "European Payment Terminal
    Crime Report". ECB, "Report on card fraud" (2021): 5% of the value at cash machines.
    """

    name: ClassVar[str] = "atm_cashout"
    role: ClassVar[Role] = "attack"
    Parameters = AtmCashoutParameters
    parameters: AtmCashoutParameters
    by_difficulty: ClassVar[Mapping[Difficulty, AtmCashoutParameters]] = {
        "easy": AtmCashoutParameters(
            withdrawals_min=4,
            withdrawals_max=9,
            gap_mean_s=90.0,
            amount_factor=3.5,
            night_share=0.85,
            magstripe_share=0.8,
            away_share=0.8,
            away_min_km=800.0,
            refused_share=0.25,
        ),
        "medium": AtmCashoutParameters(
            withdrawals_min=2,
            withdrawals_max=6,
            gap_mean_s=260.0,
            amount_factor=2.2,
            night_share=0.7,
            magstripe_share=0.3,
            away_share=0.4,
            away_min_km=150.0,
            refused_share=0.2,
        ),
        "hard": AtmCashoutParameters(
            withdrawals_min=1,
            withdrawals_max=3,
            gap_mean_s=900.0,
            amount_factor=1.3,
            night_share=0.45,
            magstripe_share=0.05,
            away_share=0.1,
            away_min_km=60.0,
            refused_share=0.15,
        ),
    }

    def incident(self, world: World, dial: AtmCashoutParameters) -> Incident:
        """One card, emptied."""
        card, place = copied_card(world, dial.away_share, dial.away_min_km)
        magstripe = chance(world, dial.magstripe_share)
        times_ms = event_times_ms(
            world, (dial.withdrawals_min, dial.withdrawals_max), 25.0, dial.gap_mean_s
        )
        if chance(world, dial.night_share):
            times_ms = moved_to_night(world, times_ms)
        machines = [world.terminal(place, CASH_MACHINE_MCC) for _ in range(2)]
        swipes = [
            self._withdrawal(world, dial, card, machines[chance(world, 0.3)], at_ms, magstripe)
            for at_ms in times_ms
        ]
        # With a stolen card the holder has none; a copy leaves the holder's own.
        return card_incident(card, swipes, holder_swipes_on=magstripe)

    @staticmethod
    def _withdrawal(
        world: World,
        dial: AtmCashoutParameters,
        card: Card,
        machine: Terminal,
        event_time_ms: int,
        magstripe: bool,
    ) -> PlannedSwipe:
        notes = round(world.amount_minor(card, machine) * dial.amount_factor / NOTE_MINOR)
        refused = chance(world, dial.refused_share)
        return PlannedSwipe(
            card=card,
            terminal=machine,
            event_time_ms=event_time_ms,
            amount_minor=max(1, notes) * NOTE_MINOR,
            entry_mode="magstripe" if magstripe else "chip",
            role="attack",
            response_code=("61" if chance(world, 0.6) else "51") if refused else "00",
        )
