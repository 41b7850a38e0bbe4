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
        Number of distinct cards of one BIN at one merchant in the window from which on the rule
        fires. A choice: above what a busy shop gets of small or declined swipes from one BIN.
    probe_max_minor
        An approved swipe counts only up to this amount, minor units; a declined one and a
        zero-amount check always do. A choice: probes are small.
    weight
        Probability of fraud that the rule alone stands for. A choice until measured.
    """

    window_ms: Annotated[int, Meta(gt=0, le=3_600_000)] = 60_000
    cards: Annotated[int, Meta(ge=2, le=10_000)] = 12
    probe_max_minor: Annotated[int, Meta(ge=0)] = 500
    weight: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.8


class BinAttack(CrossCardRule):
    """Are many cards of one BIN tried at one merchant?

    Formula
    -------
    Of the judged ``ecommerce`` swipes with the same BIN and merchant and with event time in one
    tumbling window [k * ``window_ms``, (k + 1) * ``window_ms``) since the epoch, reversals left
    out, those count that were declined, were zero-amount checks, or had an amount <=
    ``probe_max_minor``. value = number of distinct card tokens among them. Fires when value >=
    ``cards``, once for each BIN, merchant and window, at the swipe that reaches it. The entity is
    ``<bin>|<merchant_id>``. Declined means a response code other than 00, 10 and 85.

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
    Visa, "Anti-Enumeration and Account Testing Best Practices for Merchants": the attack, and
    counting attempts by BIN and merchant. OWASP, "Automated Threat Handbook: Web Applications",
    OAT-001 Carding and OAT-010 Card Cracking. Window and counts are choices.

    Examples
    --------
    A declined payment online counts, one at a terminal does not:

    >>> from job.rules.example import example_swipe
    >>> BinAttack().observe(example_swipe(entry_mode="ecommerce", response_code="14")).entity_id
    '400000|example-shop'
    >>> BinAttack().observe(example_swipe(entry_mode="chip", response_code="14")) is None
    True
    """

    name: ClassVar[str] = "bin_attack"
    reason_code: ClassVar[str] = "BIN_ATTACK"
    unit: ClassVar[str] = "cards"
    needs: ClassVar[frozenset[str]] = frozenset({"bin", "entry_mode", "merchant_id"})
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

    def snoozed_by(self, observation: Observation) -> tuple[tuple[str, str], ...]:
        """The merchant at which the cards are tried."""
        _, _, merchant_id = observation.entity_id.partition("|")
        return (("merchant", merchant_id),)
