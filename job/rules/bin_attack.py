"""Are many cards of one BIN tried at one merchant?"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from job.contracts import APPROVED, EntityType, Observation, Swipe
from job.rules.base import CrossCardRule, RuleParameters


class BinAttackParameters(RuleParameters, frozen=True, kw_only=True):
    """Parameters of :class:`BinAttack`.

    Parameters
    ----------
    window_ms
        Length of the tumbling window, milliseconds of event time. A choice: one minute.
    cards
        Distinct cards of one BIN at one merchant in the window from which on the rule fires. A
        choice.
    probe_max_minor
        An approved swipe counts only up to this amount, minor units; a declined one and a
        zero-amount check always do. A choice: probes are small.
    """

    window_ms: Annotated[int, Meta(gt=0, le=3_600_000)] = 60_000
    cards: Annotated[int, Meta(ge=2, le=10_000)] = 12
    probe_max_minor: Annotated[int, Meta(ge=0)] = 500
    weight: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.8


class BinAttack(CrossCardRule):
    """Are many cards of one BIN tried at one merchant?

    Formula
    -------
    Of the judged ``ecommerce`` swipes with the same BIN and merchant in one tumbling window of
    ``window_ms``, those count that were declined, were zero-amount checks, or had an amount <=
    ``probe_max_minor``. value = distinct card tokens among them. Fires when value >= ``cards``,
    once for each BIN, merchant and window, at the swipe that reaches it.

    Misses
    ------
    Enumeration spread over many merchants, or slower than ``cards`` in a window; a burst cut in
    two by a window's edge.

    Disorder
    --------
    None within the watermark's bound: a count of distinct cards does not depend on order. A swipe
    that comes after its window has closed is dropped from the count and reported as such.

    References
    ----------
    Visa, "Enumeration attacks and account testing" (2020 and later), describes the attack; window
    and counts are choices.

    Examples
    --------
    >>> BinAttack(BinAttackParameters(cards=3)).threshold
    3.0
    """

    name: ClassVar[str] = "bin_attack"
    reason_code: ClassVar[str] = "BIN_ATTACK"
    unit: ClassVar[str] = "cards"
    entity_type: ClassVar[EntityType] = "bin"
    Parameters = BinAttackParameters
    parameters: BinAttackParameters

    @property
    def threshold(self) -> float:
        """Distinct cards in the window."""
        return float(self.parameters.cards)

    @property
    def window_ms(self) -> int:
        """The tumbling window."""
        return self.parameters.window_ms

    def observe(self, swipe: Swipe) -> Observation | None:
        """A probing swipe counts for its BIN at its merchant."""
        if swipe.entry_mode != "ecommerce" or swipe.message_type == "reversal":
            return None
        if swipe.amount_minor > self.parameters.probe_max_minor and swipe.response_code in APPROVED:
            return None
        return Observation(
            rule=self.name,
            entity_id=f"{swipe.bin}|{swipe.merchant_id}",
            card_token=swipe.card_token,
            swipe_id=swipe.swipe_id,
            event_time_ms=swipe.event_time_ms,
        )
