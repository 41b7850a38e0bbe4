"""Is somebody guessing the card's PIN, security code or expiry date?"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from job.contracts import ResponseCode, Swipe
from job.engine.card_state import CardState, PastSwipe
from job.rules.base import CardRule, Evidence, RuleParameters


class DeclineBurstParameters(RuleParameters, frozen=True, kw_only=True):
    """Parameters of :class:`DeclineBurst`.

    Parameters
    ----------
    window_ms
        Length of the window, milliseconds of event time. A choice: one hour.
    guesses
        Number of wrong guesses in the window from which on the rule fires. A choice: one more than
        the three wrong PINs after which cards are customarily blocked, which holders reach.
    codes
        Response codes (ISO 8583 field 39) that a wrong guess gets. Source: the networks' use of
        field 39, 14 invalid card number, 54 expired card or wrong expiry date, 55 incorrect PIN, 75
        PIN tries exceeded, 82 negative CVV or iCVV result, N7 CVV2 mismatch (Visa).
    weight
        Probability of fraud that the rule alone stands for. A choice until measured.
    """

    window_ms: Annotated[int, Meta(gt=0, le=86_400_000)] = 3_600_000
    guesses: Annotated[int, Meta(ge=2, le=256)] = 4
    codes: Annotated[tuple[ResponseCode, ...], Meta(min_length=1, max_length=64)] = (
        "14",
        "54",
        "55",
        "75",
        "82",
        "N7",
    )
    weight: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.6


class DeclineBurst(CardRule):
    """Is somebody guessing the card's PIN, security code or expiry date?

    Formula
    -------
    A *wrong guess* is an ``authorisation`` or ``zero_amount_check`` whose response code is one of
    ``codes``. value = number of wrong guesses among this swipe, at event time t, and the card's
    earlier-arrived swipes with event time > t - ``window_ms``; 0 if this swipe is a ``reversal``.
    Fires when value >= ``guesses``. This swipe need be no wrong guess: the one that succeeds after
    a burst fires too.

    Misses
    ------
    Guessing slower than the window; guesses spread over many cards (bin_attack); hosts that answer
    05 (do not honour) to a wrong guess. A holder who has forgotten the PIN fires too.

    Disorder
    --------
    Wrong guesses that arrived earlier but happened up to 30 s later are counted too, so a burst
    that arrives in any order reaches the same count at its last arrival; which of its swipes fires
    can differ.

    References
    ----------
    M. A. Ali, B. Arief, M. Emms and A. van Moorsel (2017), "Does the Online Card Payment Landscape
    Unwittingly Facilitate Fraud?", IEEE Security & Privacy 15 (2), 78-86: guessing expiry date and
    CVV2. OWASP, "Automated Threat Handbook: Web Applications", OAT-010 Card Cracking. ISO 8583-1
    data element 39.

    Examples
    --------
    Two wrong PINs, then a right one:

    >>> from job.rules.example import example_card, example_swipe
    >>> card = example_card(
    ...     example_swipe(event_time_ms=0, response_code="55"),
    ...     example_swipe(event_time_ms=20_000, response_code="55"),
    ... )
    >>> DeclineBurst().measure(example_swipe(event_time_ms=40_000), card)
    2.0
    """

    name: ClassVar[str] = "decline_burst"
    reason_code: ClassVar[str] = "DECLINE_BURST"
    unit: ClassVar[str] = "wrong guesses"
    needs: ClassVar[frozenset[str]] = frozenset({"response_code"})
    Parameters = DeclineBurstParameters
    parameters: DeclineBurstParameters

    def __init__(self, parameters: DeclineBurstParameters | None = None) -> None:
        super().__init__(parameters)
        self._codes = frozenset(self.parameters.codes)

    @property
    def threshold(self) -> float:
        """Wrong guesses in the window."""
        return float(self.parameters.guesses)

    @property
    def lookback_ms(self) -> int:
        """The window."""
        return self.parameters.window_ms

    def measure(self, swipe: Swipe, card: CardState) -> float:
        """Wrong guesses in the window, this swipe included if it is one."""
        if swipe.message_type == "reversal":
            return 0.0
        return float(len(self._wrong(swipe, card)) + (swipe.response_code in self._codes))

    def _wrong(self, swipe: Swipe, card: CardState) -> list[PastSwipe]:
        after_ms = swipe.event_time_ms - self.parameters.window_ms
        codes = self._codes
        wrong = []
        for past in reversed(card.history):
            if past.event_time_ms <= after_ms:
                break
            if past.response_code in codes and past.message_type != "reversal":
                wrong.append(past)
        wrong.reverse()
        return wrong

    def explain(self, swipe: Swipe, card: CardState) -> Evidence:
        """The wrong guesses."""
        wrong = self._wrong(swipe, card)
        return Evidence(
            {
                "window_ms": self.parameters.window_ms,
                "response_code": swipe.response_code,
                "codes_seen": ",".join(sorted({past.response_code for past in wrong})),
                "merchants": len({past.merchant_id for past in wrong} | {swipe.merchant_id}),
            },
            tuple(past.swipe_id for past in wrong),
        )
