"""Do the amounts of one card climb step by step in a short time?"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from job.contracts import APPROVED, Swipe
from job.engine.card_state import CardState, PastSwipe
from job.rules.base import CardRule, Evidence, RuleParameters


class RapidEscalationParameters(RuleParameters, frozen=True, kw_only=True):
    """Parameters of :class:`RapidEscalation`.

    Parameters
    ----------
    window_ms
        How far back the first step may lie, milliseconds of event time. A choice: one hour.
    steps
        Number of steps up to this swipe from which on the rule fires. A choice: three steps are
        four amounts.
    ratio
        Each amount is at least this many times the one before, a ratio. A choice.
    final_min_minor
        This swipe's amount is at least this, minor units of the card's currency. A choice: less is
        not worth an alert.
    weight
        Probability of fraud that the rule alone stands for. A choice until measured.
    """

    window_ms: Annotated[int, Meta(gt=0, le=86_400_000)] = 3_600_000
    steps: Annotated[int, Meta(ge=1, le=32)] = 3
    ratio: Annotated[float, Meta(ge=1.01, le=100.0)] = 1.5
    final_min_minor: Annotated[int, Meta(ge=1)] = 20_000
    weight: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.6


class RapidEscalation(CardRule):
    """Do the amounts of one card climb step by step in a short time?

    Formula
    -------
    This swipe is an ``authorisation`` (approved or declined) of an amount >= ``final_min_minor`` at
    event time t; otherwise value = 0. A *rung* is an earlier-arrived, approved ``authorisation``
    of the card with an amount > 0 and event time t', t - ``window_ms`` < t' < t. A *ladder* is a
    sequence of rungs that ends in this swipe, in which every event time is greater than the one
    before and every amount is >= ``ratio`` times the one before; rungs may be left out. value =
    the greatest number of steps (rungs used) of any ladder. Fires when value >= ``steps``.

    Misses
    ------
    Climbing slower than the window or in steps below ``ratio``; repeated equal amounts (velocity);
    a thief who takes the large amount at once (amount_outlier). Currencies with another number of
    decimals need their own ``final_min_minor``.

    Disorder
    --------
    A rung that arrives after this swipe is not seen, and one that arrived earlier but happened
    later is not used: each costs at most the steps that it carries. Steps stand in event time,
    so disorder among the rungs themselves costs nothing.

    References
    ----------
    R. J. Bolton and D. J. Hand (2002), "Statistical Fraud Detection: A Review", Statistical Science
    17 (3), 235-255, section 3: thieves spend as much as they can before the card is blocked. The
    ladder's figures are choices; the longest ladder is found by patience sorting (M. L. Fredman
    (1975), "On computing the length of longest increasing subsequences", Discrete Mathematics 11).

    Examples
    --------
    >>> from job.rules.example import example_card, example_swipe
    >>> card = example_card(
    ...     example_swipe(event_time_ms=0, amount_minor=1_000),
    ...     example_swipe(event_time_ms=60_000, amount_minor=5_000),
    ...     example_swipe(event_time_ms=120_000, amount_minor=20_000),
    ... )
    >>> last = example_swipe(event_time_ms=180_000, amount_minor=80_000, response_code="51")
    >>> RapidEscalation().measure(last, card)
    3.0
    """

    name: ClassVar[str] = "rapid_escalation"
    reason_code: ClassVar[str] = "RAPID_ESCALATION"
    unit: ClassVar[str] = "steps"
    Parameters = RapidEscalationParameters
    parameters: RapidEscalationParameters

    @property
    def threshold(self) -> float:
        """Steps of the ladder."""
        return float(self.parameters.steps)

    @property
    def lookback_ms(self) -> int:
        """The window."""
        return self.parameters.window_ms

    def measure(self, swipe: Swipe, card: CardState) -> float:
        """Steps of the longest ladder."""
        amount_minor = swipe.amount_minor
        if amount_minor < self.parameters.final_min_minor or swipe.message_type != "authorisation":
            return 0.0
        return float(len(self._ladder(swipe, card)))

    def _ladder(self, swipe: Swipe, card: CardState) -> list[PastSwipe]:
        """The rungs of a longest ladder, oldest first.

        ``tops[k]`` is the ladder of k + 1 rungs with the smallest last amount; a rung extends the
        longest one that it stands ``ratio`` above.
        """
        rungs = self._rungs(swipe, card)
        ratio = self.parameters.ratio
        tops: list[list[PastSwipe]] = []
        start = 0
        while start < len(rungs):
            event_time_ms = rungs[start].event_time_ms
            end = start + 1
            while end < len(rungs) and rungs[end].event_time_ms == event_time_ms:
                end += 1
            # Rungs of one moment do not stand on each other: all look at the same tops.
            placed = [(rung, _longest(tops, rung.amount_minor, ratio)) for rung in rungs[start:end]]
            for rung, steps in placed:
                below = tops[steps - 1] if steps else []
                if steps == len(tops):
                    tops.append([*below, rung])
                elif rung.amount_minor < tops[steps][-1].amount_minor:
                    tops[steps] = [*below, rung]
            start = end
        steps = _longest(tops, swipe.amount_minor, ratio)
        return tops[steps - 1] if steps else []

    def _rungs(self, swipe: Swipe, card: CardState) -> list[PastSwipe]:
        before_ms = swipe.event_time_ms
        after_ms = before_ms - self.parameters.window_ms
        rungs = []
        for past in reversed(card.history):
            if past.event_time_ms <= after_ms:
                break
            if (
                past.event_time_ms < before_ms
                and past.amount_minor > 0
                and past.message_type == "authorisation"
                and past.response_code in APPROVED
            ):
                rungs.append(past)
        rungs.reverse()
        return rungs

    def explain(self, swipe: Swipe, card: CardState) -> Evidence:
        """The rungs of a longest ladder."""
        ladder = self._ladder(swipe, card)
        return Evidence(
            {
                "first_amount_minor": ladder[0].amount_minor if ladder else None,
                "last_amount_minor": swipe.amount_minor,
                "climb_ms": swipe.event_time_ms - ladder[0].event_time_ms if ladder else None,
                "window_ms": self.parameters.window_ms,
                "ratio": self.parameters.ratio,
            },
            tuple(rung.swipe_id for rung in ladder),
        )


def _longest(tops: list[list[PastSwipe]], amount_minor: int, ratio: float) -> int:
    """Steps of the longest ladder that an amount can stand on."""
    steps = 0
    for ladder in tops:
        if amount_minor < ratio * ladder[-1].amount_minor:
            break
        steps += 1
    return steps
