"""Was the card tried with small amounts, and now with a large one?"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from job.contracts import Swipe
from job.engine.card_state import CardState, PastSwipe
from job.rules.base import CardRule, Evidence, RuleParameters


class CardTestingParameters(RuleParameters, frozen=True, kw_only=True):
    """Parameters of :class:`CardTesting`.

    Parameters
    ----------
    window_ms
        How far back probes count, milliseconds of event time. A choice: six hours.
    probes
        Number of probes from which on a large swipe fires. A choice: a holder who adds the card to
        a wallet makes one or two.
    probe_max_minor
        An authorisation up to this amount is a probe, minor units of the card's currency. A choice.
    large_min_minor
        An authorisation from this amount on is large, minor units of the card's currency. A choice.
    weight
        Probability of fraud that the rule alone stands for. A choice until measured.
    """

    window_ms: Annotated[int, Meta(gt=0, le=604_800_000)] = 21_600_000
    probes: Annotated[int, Meta(ge=1, le=256)] = 3
    probe_max_minor: Annotated[int, Meta(ge=0)] = 200
    large_min_minor: Annotated[int, Meta(ge=1)] = 10_000
    weight: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.7


class CardTesting(CardRule):
    """Was the card tried with small amounts, and now with a large one?

    Formula
    -------
    This swipe, at event time t, is *large*: entry mode ``ecommerce``, message type
    ``authorisation``, approved or declined, amount >= ``large_min_minor``; otherwise value = 0. A
    *probe* is an earlier-arrived ``ecommerce`` swipe of the card that is a ``zero_amount_check`` of
    any amount, or an ``authorisation`` of an amount <= ``probe_max_minor``; approved or declined;
    with event time t', t - ``window_ms`` < t' <= t. value = number of probes. Fires when value >=
    ``probes``.

    Misses
    ------
    Testing and spending further apart than the window (tested cards are sold first); fewer probes
    than ``probes``; probes of amounts like ordinary ones; spending at a terminal. Holders who buy
    several small things online and then a large one.

    Disorder
    --------
    A probe that arrives after the large swipe is not counted, and one that arrived earlier but
    happened later is not either: a probe closer than 30 s to the large swipe can be missed.

    References
    ----------
    OWASP, "Automated Threat Handbook: Web Applications", OAT-001 Carding: authorisation attempts,
    often of small amounts, that verify stolen cards. Visa, "Anti-Enumeration and Account Testing
    Best Practices for Merchants". Window, counts and amounts are choices.

    Examples
    --------
    >>> from job.rules.example import example_card, example_swipe
    >>> card = example_card(
    ...     example_swipe(
    ...         event_time_ms=0,
    ...         amount_minor=0,
    ...         entry_mode="ecommerce",
    ...         message_type="zero_amount_check",
    ...     ),
    ...     example_swipe(event_time_ms=60_000, amount_minor=100, entry_mode="ecommerce"),
    ... )
    >>> large = example_swipe(event_time_ms=120_000, amount_minor=50_000, entry_mode="ecommerce")
    >>> CardTesting().measure(large, card)
    2.0
    """

    name: ClassVar[str] = "card_testing"
    reason_code: ClassVar[str] = "CARD_TESTING"
    unit: ClassVar[str] = "probes"
    needs: ClassVar[frozenset[str]] = frozenset({"entry_mode"})
    Parameters = CardTestingParameters
    parameters: CardTestingParameters

    @property
    def threshold(self) -> float:
        """Probes before a large swipe."""
        return float(self.parameters.probes)

    @property
    def lookback_ms(self) -> int:
        """The window."""
        return self.parameters.window_ms

    def measure(self, swipe: Swipe, card: CardState) -> float:
        """Probes before this swipe, if it is large."""
        if (
            swipe.amount_minor < self.parameters.large_min_minor
            or swipe.entry_mode != "ecommerce"
            or swipe.message_type != "authorisation"
        ):
            return 0.0
        return float(len(self._probes(swipe, card)))

    def _probes(self, swipe: Swipe, card: CardState) -> list[PastSwipe]:
        after_ms = swipe.event_time_ms - self.parameters.window_ms
        probes = []
        for past in reversed(card.history):
            if past.event_time_ms <= after_ms:
                break
            if (
                past.entry_mode == "ecommerce"
                and past.event_time_ms <= swipe.event_time_ms
                and self._is_probe(past)
            ):
                probes.append(past)
        probes.reverse()
        return probes

    def _is_probe(self, past: PastSwipe) -> bool:
        if past.message_type == "zero_amount_check":
            return True
        small = past.amount_minor <= self.parameters.probe_max_minor
        return small and past.message_type == "authorisation"

    def explain(self, swipe: Swipe, card: CardState) -> Evidence:
        """The probes."""
        probes = self._probes(swipe, card)
        return Evidence(
            {
                "window_ms": self.parameters.window_ms,
                "amount_minor": swipe.amount_minor,
                "probe_merchants": len({probe.merchant_id for probe in probes}),
                "probe_amount_sum_minor": sum(probe.amount_minor for probe in probes),
            },
            tuple(probe.swipe_id for probe in probes),
        )
