"""Too many authorisations of one card in a short time?"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from job.contracts import Swipe
from job.engine.card_state import CardState
from job.rules.base import CardRule, Evidence, RuleParameters


class VelocityParameters(RuleParameters, frozen=True, kw_only=True):
    """Parameters of :class:`Velocity`.

    Parameters
    ----------
    window_ms
        Length of the window, milliseconds of event time. A choice: ten minutes.
    swipes
        Number of authorisations in the window, this one included, from which on the rule fires.
        A choice: a holder who shops normally, and whose payment fails once or twice, stays below.
    weight
        Probability of fraud that the rule alone stands for. A choice until measured.
    """

    window_ms: Annotated[int, Meta(gt=0, le=86_400_000)] = 600_000
    swipes: Annotated[int, Meta(ge=2, le=256)] = 6
    weight: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.6


class Velocity(CardRule):
    """Too many authorisations of one card in a short time?

    Formula
    -------
    value = 1 + number of the card's earlier-arrived judged authorisations (message type
    ``authorisation``, approved or declined) with event time > t - ``window_ms``, where t is this
    swipe's event time. Fires when value >= ``swipes``. 0 for other message types.

    Misses
    ------
    Attacks paced slower than the window; attacks spread over many cards (bin_attack). A toll road
    or a vending machine that charges a holder many times fires.

    Disorder
    --------
    Swipes that arrived earlier but happened up to 30 s later are counted too, so a burst that
    arrives in any order reaches the same count at its last arrival; which of its swipes fires can
    differ.

    References
    ----------
    Visa, "Visa E-Commerce Merchants' Guide to Risk Management" (2013), on velocity limits: the
    control. C. Whitrow et al. (2009), "Transaction aggregation as a strategy for credit card fraud
    detection", Data Mining and Knowledge Discovery 18, 30-55: counts over a window tell fraud
    better than single swipes. Window and count are choices.

    Examples
    --------
    >>> from job.rules.example import example_card, example_swipe
    >>> card = example_card(example_swipe(event_time_ms=0), example_swipe(event_time_ms=60_000))
    >>> Velocity().measure(example_swipe(event_time_ms=120_000), card)
    3.0

    Ten minutes after the first, that one has left the window:

    >>> Velocity().measure(example_swipe(event_time_ms=600_000), card)
    2.0
    """

    name: ClassVar[str] = "velocity"
    reason_code: ClassVar[str] = "VELOCITY"
    unit: ClassVar[str] = "authorisations"
    Parameters = VelocityParameters
    parameters: VelocityParameters

    @property
    def threshold(self) -> float:
        """Authorisations in the window."""
        return float(self.parameters.swipes)

    @property
    def lookback_ms(self) -> int:
        """The window."""
        return self.parameters.window_ms

    def measure(self, swipe: Swipe, card: CardState) -> float:
        """Authorisations in the window, this one included."""
        if swipe.message_type != "authorisation":
            return 0.0
        after_ms = swipe.event_time_ms - self.parameters.window_ms
        count = 1
        for past in reversed(card.history):
            if past.event_time_ms <= after_ms:
                break
            if past.message_type == "authorisation":
                count += 1
        return float(count)

    def explain(self, swipe: Swipe, card: CardState) -> Evidence:
        """The authorisations counted."""
        after_ms = swipe.event_time_ms - self.parameters.window_ms
        counted = [
            past
            for past in card.history
            if past.event_time_ms > after_ms and past.message_type == "authorisation"
        ]
        return Evidence(
            {
                "window_ms": self.parameters.window_ms,
                "amount_sum_minor": swipe.amount_minor + sum(p.amount_minor for p in counted),
            },
            tuple(past.swipe_id for past in counted),
        )
