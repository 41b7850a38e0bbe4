"""Is this amount far above what the card usually pays?"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import Annotated, ClassVar

from msgspec import Meta

from job.contracts import Swipe
from job.engine.card_state import CardState
from job.rules.base import CardRule, Evidence, RuleParameters


class AmountOutlierParameters(RuleParameters, frozen=True, kw_only=True):
    """Parameters of :class:`AmountOutlier`.

    Parameters
    ----------
    z
        Standard deviations above the card's mean of ln(amount) from which on the rule fires, a
        ratio. A choice: of normally distributed logarithms 1 in 31,574 lies above 4.
    sd_floor
        The standard deviation is taken to be at least this, in ln units. A choice: a card that
        always pays nearly the same must not fire on twice that (ln 2 / 0.35 is 2 deviations).
    count_min
        Number of approved amounts that mean and deviation must rest on. A choice: with 20 the
        deviation's own standard error is about 16 % (1 / sqrt(2 (n - 1))).
    amount_min_minor
        Smaller amounts never fire, minor units of the card's currency. A choice.
    weight
        Probability of fraud that the rule alone stands for. A choice until measured: below the
        review score, because holders make large purchases too, so it flags only with others.
    """

    z: Annotated[float, Meta(gt=0.0, le=100.0)] = 4.0
    sd_floor: Annotated[float, Meta(ge=0.01, le=10.0)] = 0.35
    count_min: Annotated[int, Meta(ge=2, le=1_000_000)] = 20
    amount_min_minor: Annotated[int, Meta(ge=1)] = 10_000
    weight: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.4


class AmountOutlier(CardRule):
    """Is this amount far above what the card usually pays?

    Formula
    -------
    Let x be ln(amount in minor units) of the card's earlier-arrived, approved ``authorisation``
    swipes with an amount > 0, over all time, together with those that its profile sums up
    (``amount_count``, ``amount_log_mean``, ``amount_log_sd``); n their number, m their mean, s
    their sample standard deviation (divisor n - 1). For an ``authorisation`` (approved or declined)
    of amount a >= ``amount_min_minor``, where n >= ``count_min``::

        value = (ln a - m) / max(s, sd_floor)

    0 otherwise, and where that is below 0. Fires when value >= ``z``.

    Misses
    ------
    Fraud of ordinary size; cards with a short past. Fraud that went through widens mean and
    deviation, so a patient thief can train the card. All amounts of a card are one distribution:
    a rent paid monthly looks like an outlier among groceries.

    Disorder
    --------
    The figures cover what has arrived, whatever its event time: a swipe that arrives up to 30 s
    out of turn is in or out of the mean, which moves it by 1 part in n.

    References
    ----------
    R. J. Bolton and D. J. Hand (2001), "Unsupervised Profiling Methods for Fraud Detection",
    Credit Scoring and Credit Control VII: an account against its own past. B. P. Welford (1962),
    "Note on a method for calculating corrected sums of squares and products", Technometrics 4 (3):
    the running figures.

    Examples
    --------
    A card that pays 40.00, give or take a factor of e^0.8, pays 2,000.00:

    >>> from job.rules.example import Typical, example_card, example_swipe
    >>> card = example_card(typical=Typical(amount_minor=4_000, amount_log_sd=0.8))
    >>> round(AmountOutlier().measure(example_swipe(amount_minor=200_000), card), 2)
    4.89
    """

    name: ClassVar[str] = "amount_outlier"
    reason_code: ClassVar[str] = "AMOUNT_OUTLIER"
    unit: ClassVar[str] = "standard deviations"
    Parameters = AmountOutlierParameters
    parameters: AmountOutlierParameters

    @property
    def threshold(self) -> float:
        """Standard deviations above the mean."""
        return self.parameters.z

    @property
    def lookback_ms(self) -> int:
        """The running figures need no history."""
        return 0

    def measure(self, swipe: Swipe, card: CardState) -> float:
        """Standard deviations above the card's mean."""
        parameters = self.parameters
        if swipe.amount_minor < parameters.amount_min_minor:
            return 0.0
        count = card.amount_count
        if count < parameters.count_min or swipe.message_type != "authorisation":
            return 0.0
        above = log(swipe.amount_minor) - card.amount_log_mean
        if above <= 0.0:
            return 0.0
        return above / max(sqrt(card.amount_log_m2 / (count - 1)), parameters.sd_floor)

    def explain(self, swipe: Swipe, card: CardState) -> Evidence:
        """The running figures; they rest on too many swipes to name."""
        return Evidence(
            {
                "amount_minor": swipe.amount_minor,
                "typical_minor": round(exp(card.amount_log_mean)),
                "amount_log_sd": round(sqrt(card.amount_log_m2 / (card.amount_count - 1)), 6),
                "amount_count": card.amount_count,
                "sd_floor": self.parameters.sd_floor,
            }
        )
