"""Does somebody try out the numbers of one issuer, as fast as the site lets them?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from scenarios.base import Difficulty, Incident, Role, Scenario, World
from scenarios.enumeration import EnumerationParameters, enumeration


class BinAttackParameters(EnumerationParameters, frozen=True, kw_only=True):
    """The dial of :class:`BinAttack`: numbers tried at one merchant. All values are choices."""


class BinAttack(Scenario):
    """Does somebody try out the numbers of one issuer, as fast as the site lets them?

    What happens
    ------------
    A script makes up card numbers that begin with one issuer number, and tries them at the payment
    page of one merchant. Hardly any number belongs to a card: the host answers that there is no
    such card. The few that exist fail on expiry date or security code, or pass and are sold.

    Reported by
    -----------
    The issuer or the card scheme, from the declines; the merchant, from the fees for them; holders
    only where a number passed for an amount that they see.

    Difficulty
    ----------
    easy: an attempt a second from one device, hardly a number that exists. medium: slower, half
    of the numbers exist, and the device changes now and then. hard: some ten to twenty numbers
    within minutes, nearly all from a list of cards that exist, each from a device of its own
    behind a proxy in the issuer's country, for the amounts that customers pay: as many cards as
    a sale brings.

    References
    ----------
    Visa, "Anti-Enumeration and Account Testing Best Practices for Merchants"; OWASP Automated
    Threats to Web Applications, OAT-010 Card Cracking and OAT-001 Carding; PCI Security Standards
    Council and NCFTA, "Bulletin: The Threat of Account Testing to Payment Security" (2020). How
    many, how fast and how many of them are issued are choices: real attacks last for thousands of
    attempts, of which one incident is a piece. Ali et al. (2017), "Does the Online Card Payment
    Landscape Unwittingly Facilitate Fraud?", IEEE Security & Privacy 15 (2): guessing the other
    details of cards that exist.
    """

    name: ClassVar[str] = "bin_attack"
    role: ClassVar[Role] = "attack"
    companions: ClassVar[tuple[str, ...]] = ("flash_sale",)
    companion_ratio: ClassVar[float] = 0.5
    Parameters = BinAttackParameters
    parameters: BinAttackParameters
    by_difficulty: ClassVar[Mapping[Difficulty, BinAttackParameters]] = {
        "easy": BinAttackParameters(
            numbers_min=32,
            numbers_max=52,
            gap_mean_s=1.0,
            issued_share=0.04,
            approved_share=0.3,
            zero_amount_share=0.5,
            amount_min_factor=0.03,
            amount_max_factor=0.1,
            device_change_share=0.0,
            foreign_ip_share=0.9,
        ),
        "medium": BinAttackParameters(
            numbers_min=22,
            numbers_max=42,
            gap_mean_s=2.5,
            issued_share=0.55,
            approved_share=0.35,
            zero_amount_share=0.3,
            amount_min_factor=0.04,
            amount_max_factor=0.3,
            device_change_share=0.25,
            foreign_ip_share=0.5,
        ),
        "hard": BinAttackParameters(
            numbers_min=10,
            numbers_max=24,
            gap_mean_s=6.0,
            issued_share=0.85,
            approved_share=0.4,
            zero_amount_share=0.02,
            amount_min_factor=0.3,
            amount_max_factor=2.0,
            device_change_share=0.9,
            foreign_ip_share=0.04,
        ),
    }

    def incident(self, world: World, dial: BinAttackParameters) -> Incident:
        """One run through the numbers of an issuer, at one merchant."""
        return enumeration(world, dial, same_site_share=1.0)
