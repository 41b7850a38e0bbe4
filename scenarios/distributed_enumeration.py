"""Does somebody try out the numbers of one issuer slowly, and at many merchants?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from scenarios.base import Difficulty, Incident, Role, Scenario, World
from scenarios.enumeration import EnumerationParameters, enumeration


class DistributedEnumerationParameters(EnumerationParameters, frozen=True, kw_only=True):
    """The dial of :class:`DistributedEnumeration`. All values are choices.

    Parameters
    ----------
    same_site_share
        Attempts at the merchant of the one before.
    """

    same_site_share: float


class DistributedEnumeration(Scenario):
    """Does somebody try out the numbers of one issuer slowly, and at many merchants?

    What happens
    ------------
    As in ``bin_attack`` a script tries numbers that begin with one issuer number, but it spreads
    them over the payment pages of many merchants and waits in between, so that no merchant sees
    more than a few attempts. Only the issuer, or the scheme, sees all of them.

    Reported by
    -----------
    The issuer or the card scheme, from unknown numbers among the declines of one issuer number.

    Difficulty
    ----------
    easy: an attempt every half minute, several at each merchant, from one device, hardly a number
    that exists. medium: every few minutes, half of the numbers exist. hard: one in an hour or two
    over days, nearly all from a list of cards that exist, nearly each at another merchant, from
    another device behind a proxy in the issuer's country, for amounts that customers pay.

    References
    ----------
    Ali, Arief, Emms and van Moorsel (2017), "Does the Online Card Payment Landscape Unwittingly
    Facilitate Fraud?", IEEE Security & Privacy 15 (2): guesses distributed over hundreds of
    payment pages; Visa, "Anti-Enumeration and Account Testing Best Practices for Merchants"; OWASP
    Automated Threats to Web Applications, OAT-010 Card Cracking. All figures are choices.
    """

    name: ClassVar[str] = "distributed_enumeration"
    role: ClassVar[Role] = "attack"
    Parameters = DistributedEnumerationParameters
    parameters: DistributedEnumerationParameters
    by_difficulty: ClassVar[Mapping[Difficulty, DistributedEnumerationParameters]] = {
        "easy": DistributedEnumerationParameters(
            numbers_min=30,
            numbers_max=50,
            gap_mean_s=30.0,
            same_site_share=0.75,
            issued_share=0.04,
            approved_share=0.3,
            zero_amount_share=0.5,
            amount_min_factor=0.03,
            amount_max_factor=0.1,
            device_change_share=0.05,
            foreign_ip_share=0.9,
        ),
        "medium": DistributedEnumerationParameters(
            numbers_min=20,
            numbers_max=40,
            gap_mean_s=240.0,
            same_site_share=0.35,
            issued_share=0.55,
            approved_share=0.35,
            zero_amount_share=0.3,
            amount_min_factor=0.04,
            amount_max_factor=0.3,
            device_change_share=0.4,
            foreign_ip_share=0.5,
        ),
        "hard": DistributedEnumerationParameters(
            numbers_min=10,
            numbers_max=26,
            gap_mean_s=5_200.0,
            same_site_share=0.05,
            issued_share=0.85,
            approved_share=0.4,
            zero_amount_share=0.03,
            amount_min_factor=0.3,
            amount_max_factor=2.0,
            device_change_share=0.95,
            foreign_ip_share=0.04,
        ),
    }

    def incident(self, world: World, dial: DistributedEnumerationParameters) -> Incident:
        """One run through the numbers of an issuer, from merchant to merchant."""
        return enumeration(world, dial, same_site_share=dial.same_site_share)
