"""Does somebody else spend from the holder's account, on a device of their own?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from scenarios.base import Difficulty, Incident, Role, Scenario, World
from scenarios.remote import ThiefSpreeParameters, thief_spree


class AccountTakeoverParameters(ThiefSpreeParameters, frozen=True, kw_only=True):
    """The dial of :class:`AccountTakeover`: purchases of a thief. All values are choices."""


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
        return thief_spree(world, dial)
