"""Is a stolen card tried once or twice, and then spent?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from scenarios.base import Difficulty, Incident, Role, Scenario, ScenarioParameters, World
from scenarios.drawing import chance, count_between, exponential_ms, one_of
from scenarios.planning import card_incident, fit_into_span
from scenarios.remote import (
    REFUSALS,
    RESOLD_MCCS,
    factor_of_typical_minor,
    session_swipe,
    stranger_session,
)


class CashoutAfterTestParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`CashoutAfterTest`. All values are choices.

    Parameters
    ----------
    tests_min, tests_max
        Tests, evenly.
    check_share
        Tests that are a check for a zero amount.
    test_min_factor, test_max_factor
        Of the other tests: amount over what the card usually pays, evenly on the
        logarithm.
    test_gap_mean_s, cashout_gap_mean_s
        Mean seconds between tests, and from the last of them to the first purchase
        (exponential).
    purchases_min, purchases_max
        Purchases, evenly.
    spend_gap_mean_s
        Mean seconds between purchases.
    spend_min_factor, spend_max_factor
        Amount of a purchase over what the card usually pays.
    declined_share
        Purchases that the host declines.
    foreign_share
        Thieves whose net address is abroad.
    """

    tests_min: int
    tests_max: int
    check_share: float
    test_min_factor: float
    test_max_factor: float
    test_gap_mean_s: float
    cashout_gap_mean_s: float
    purchases_min: int
    purchases_max: int
    spend_gap_mean_s: float
    spend_min_factor: float
    spend_max_factor: float
    declined_share: float
    foreign_share: float


class CashoutAfterTest(Scenario):
    """Is a stolen card tried once or twice, and then spent?

    What happens
    ------------
    A thief checks that stolen details work, with a small payment or a check for nothing at a
    charity or a cheap site, and then buys what can be sold on, in large amounts. Between the
    two lie minutes, or the days in which the details were sold. The holder goes on living.

    Reported by
    -----------
    The holder, on seeing the large amounts; the small one before is found afterwards.

    Difficulty
    ----------
    easy: several tests, large amounts within the hour. medium: one or two tests, hours before.
    hard: one test of an ordinary amount, and amounts that the holder pays for dearer things.

    References
    ----------
    OWASP, "Automated Threat Handbook: Web Applications", OAT-001 Carding, OAT-012 Cashing Out.
    Visa, "Anti-Enumeration and Account Testing Best Practices for Merchants". ECB, "Report on
    card fraud" (2021): four fifths of the value of fraud is without the card.
    """

    name: ClassVar[str] = "test_then_cashout"
    role: ClassVar[Role] = "attack"
    Parameters = CashoutAfterTestParameters
    parameters: CashoutAfterTestParameters
    by_difficulty: ClassVar[Mapping[Difficulty, CashoutAfterTestParameters]] = {
        "easy": CashoutAfterTestParameters(
            tests_min=2,
            tests_max=4,
            check_share=0.5,
            test_min_factor=0.01,
            test_max_factor=0.05,
            test_gap_mean_s=120.0,
            cashout_gap_mean_s=1_200.0,
            purchases_min=2,
            purchases_max=4,
            spend_gap_mean_s=400.0,
            spend_min_factor=6.0,
            spend_max_factor=20.0,
            declined_share=0.15,
            foreign_share=0.7,
        ),
        "medium": CashoutAfterTestParameters(
            tests_min=1,
            tests_max=2,
            check_share=0.4,
            test_min_factor=0.02,
            test_max_factor=0.1,
            test_gap_mean_s=500.0,
            cashout_gap_mean_s=9_000.0,
            purchases_min=1,
            purchases_max=4,
            spend_gap_mean_s=1_500.0,
            spend_min_factor=4.0,
            spend_max_factor=10.0,
            declined_share=0.12,
            foreign_share=0.4,
        ),
        "hard": CashoutAfterTestParameters(
            tests_min=1,
            tests_max=1,
            check_share=0.15,
            test_min_factor=0.08,
            test_max_factor=0.5,
            test_gap_mean_s=900.0,
            cashout_gap_mean_s=40_000.0,
            purchases_min=1,
            purchases_max=3,
            spend_gap_mean_s=5_000.0,
            spend_min_factor=2.0,
            spend_max_factor=6.0,
            declined_share=0.08,
            foreign_share=0.15,
        ),
    }

    def incident(self, world: World, dial: CashoutAfterTestParameters) -> Incident:
        """One card, tested and spent."""
        card = world.take_card()
        session = stranger_session(world, card, dial.foreign_share)
        tests = count_between(world, dial.tests_min, dial.tests_max)
        purchases = count_between(world, dial.purchases_min, dial.purchases_max)
        gaps_s = [dial.test_gap_mean_s] * (tests - 1) + [dial.cashout_gap_mean_s]
        gaps_s += [dial.spend_gap_mean_s] * (purchases - 1)
        offsets_ms = [0]
        for gap_s in gaps_s:
            offsets_ms.append(offsets_ms[-1] + exponential_ms(world, gap_s, 10.0))
        swipes = []
        for number, event_time_ms in enumerate(fit_into_span(world, offsets_ms)):
            is_test = number < tests
            factors = (
                (dial.test_min_factor, dial.test_max_factor)
                if is_test
                else (dial.spend_min_factor, dial.spend_max_factor)
            )
            declined = not is_test and chance(world, dial.declined_share)
            swipes.append(
                session_swipe(
                    world,
                    session,
                    card,
                    world.online_terminal(None if is_test else one_of(world, RESOLD_MCCS)),
                    event_time_ms,
                    "attack",
                    amount_minor=factor_of_typical_minor(world, card, *factors),
                    response_code=one_of(world, REFUSALS) if declined else "00",
                    is_check=is_test and chance(world, dial.check_share),
                )
            )
        return card_incident(card, swipes, holder_swipes_on=True)
