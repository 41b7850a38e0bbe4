"""Does somebody else spend from the holder's account, on a device of their own?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from scenarios.base import Difficulty, Incident, Role, Scenario, ScenarioParameters, World
from scenarios.planning import fit_into_span
from scenarios.remote import (
    REFUSALS,
    RESOLD_MCCS,
    chance,
    count_between,
    exponential_ms,
    factor_of_typical_minor,
    one_of,
    session_swipe,
    stranger_session,
)


class AccountTakeoverParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`AccountTakeover`. All values are choices.

    Parameters
    ----------
    purchases_min, purchases_max
        Purchases, evenly.
    gap_mean_s
        Mean seconds between them (exponential).
    amount_min_factor, amount_max_factor
        Amount over what the card usually pays, evenly on the logarithm.
    foreign_share
        Thieves whose net address is abroad.
    declined_share
        Purchases that the host declines.
    """

    purchases_min: int
    purchases_max: int
    gap_mean_s: float
    amount_min_factor: float
    amount_max_factor: float
    foreign_share: float
    declined_share: float


class AccountTakeover(Scenario):
    """Does somebody else spend from the holder's account, on a device of their own?

    What happens
    ------------
    A thief has the holder's password, by phishing or from a leak, enrols a device and pays on
    the net: sometimes at once, sometimes after something small. The net address is abroad, or
    behind a proxy in the holder's own country. The holder goes on living.

    Reported by
    -----------
    The holder, locked out or warned by a message; the merchant whose account was taken.

    Difficulty
    ----------
    easy: from abroad, at many times what the holder spends, soon. medium: often through a proxy
    at home. hard: mostly at home, amounts like the holder's dearer ones, spread over hours.

    References
    ----------
    OWASP, "Automated Threat Handbook: Web Applications", OAT-007 Credential Cracking, OAT-008
    Credential Stuffing. Commission Delegated Regulation (EU) 2018/389, article 18(2)(c). EBA
    and ECB, "Report on payment fraud" (December 2025): manipulation of the payer and phishing.
    """

    name: ClassVar[str] = "account_takeover"
    role: ClassVar[Role] = "attack"
    Parameters = AccountTakeoverParameters
    parameters: AccountTakeoverParameters
    by_difficulty: ClassVar[Mapping[Difficulty, AccountTakeoverParameters]] = {
        "easy": AccountTakeoverParameters(
            purchases_min=3,
            purchases_max=6,
            gap_mean_s=500.0,
            amount_min_factor=4.0,
            amount_max_factor=15.0,
            foreign_share=0.85,
            declined_share=0.15,
        ),
        "medium": AccountTakeoverParameters(
            purchases_min=2,
            purchases_max=5,
            gap_mean_s=2_000.0,
            amount_min_factor=2.5,
            amount_max_factor=8.0,
            foreign_share=0.5,
            declined_share=0.1,
        ),
        "hard": AccountTakeoverParameters(
            purchases_min=1,
            purchases_max=4,
            gap_mean_s=8_000.0,
            amount_min_factor=1.2,
            amount_max_factor=4.5,
            foreign_share=0.2,
            declined_share=0.06,
        ),
    }

    def incident(self, world: World, dial: AccountTakeoverParameters) -> Incident:
        """One account taken over."""
        card = world.take_card()
        session = stranger_session(world, card, dial.foreign_share)
        offsets_ms = [0]
        for _ in range(count_between(world, dial.purchases_min, dial.purchases_max) - 1):
            offsets_ms.append(offsets_ms[-1] + exponential_ms(world, dial.gap_mean_s, 20.0))
        swipes = [
            session_swipe(
                world,
                session,
                card,
                world.online_terminal(one_of(world, RESOLD_MCCS)),
                event_time_ms,
                "attack",
                amount_minor=factor_of_typical_minor(
                    world, card, dial.amount_min_factor, dial.amount_max_factor
                ),
                response_code=one_of(world, REFUSALS)
                if chance(world, dial.declined_share)
                else "00",
            )
            for event_time_ms in fit_into_span(world, offsets_ms)
        ]
        return Incident(
            entity_type="card",
            entity_id=card.card_token,
            swipes=tuple(swipes),
            holder_swipes_on=True,
        )
