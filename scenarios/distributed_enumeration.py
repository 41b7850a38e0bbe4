"""Does somebody try out the numbers of one issuer slowly, and at many merchants?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from scenarios.base import (
    Difficulty,
    Incident,
    PlannedSwipe,
    Role,
    Scenario,
    ScenarioParameters,
    World,
)
from scenarios.enumeration import enumerated_cards, enumeration_attempt
from scenarios.planning import fit_into_span, gaps_to_offsets_ms
from scenarios.remote import chance, count_between, stranger_session


class DistributedEnumerationParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`DistributedEnumeration`. All values are choices.

    Parameters
    ----------
    numbers_min, numbers_max
        Card numbers tried, evenly.
    gap_mean_s
        Mean seconds between two attempts (a tenth of it plus an exponential).
    same_site_share
        Attempts at the merchant of the one before.
    issued_share
        Of the numbers: those that a card has; of at least one.
    approved_share
        Of the attempts on issued numbers: those whose other details are right, too.
    zero_amount_share
        Attempts that only check the card, for a zero amount.
    amount_min_factor, amount_max_factor
        Amount of the others over what the card usually pays, evenly on the logarithm.
    device_change_share
        Attempts that come from another device (and net address) than the one before.
    foreign_ip_share
        Devices with a net address in another country than the issuer's.
    """

    numbers_min: int
    numbers_max: int
    gap_mean_s: float
    same_site_share: float
    issued_share: float
    approved_share: float
    zero_amount_share: float
    amount_min_factor: float
    amount_max_factor: float
    device_change_share: float
    foreign_ip_share: float


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
    easy: an attempt every half minute, several at each merchant, from one device. medium: every
    few minutes. hard: one in an hour or two over days, nearly each at another merchant, from
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
            issued_share=0.08,
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
            issued_share=0.2,
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
        count = count_between(world, dial.numbers_min, dial.numbers_max)
        cards = enumerated_cards(world, count, dial.issued_share)
        site = world.online_terminal()
        session = stranger_session(world, cards[0], dial.foreign_ip_share)
        offsets_ms = gaps_to_offsets_ms(world, count, dial.gap_mean_s / 10, dial.gap_mean_s)
        swipes: list[PlannedSwipe] = []
        for card, at_ms in zip(cards, fit_into_span(world, offsets_ms), strict=True):
            if not chance(world, dial.same_site_share):
                site = world.online_terminal()
            if chance(world, dial.device_change_share):
                session = stranger_session(world, card, dial.foreign_ip_share)
            swipes.append(enumeration_attempt(world, dial, session, card, site, at_ms))
        return Incident(
            entity_type="bin",
            entity_id=cards[0].bin,
            swipes=tuple(swipes),
            holder_swipes_on=True,
        )
