"""Have many of the cards that paid at one merchant been reported since?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final
from zlib import crc32

from msgspec import Meta

from job.contracts import EntityType, FraudKind, FraudReport, Observation, Swipe
from job.engine.card_state import CardState, is_visit
from job.rules.base import ReportRule, RuleParameters, Saw

#: How details that were copied are used; a lost card was not copied.
COPIED: Final[frozenset[FraudKind]] = frozenset({"counterfeit", "card_not_present", "other"})
_DAY_MS: Final = 86_400_000
#: Days count as over so long after their end: by then every swipe of them has been counted, also
#: where one topic is read slower than the other. A choice.
_SETTLED_MS: Final = 12 * 3_600_000


class CompromisedTerminalParameters(RuleParameters, frozen=True, kw_only=True):
    """Parameters of :class:`CompromisedTerminal`.

    Parameters
    ----------
    window_ms
        Length of the tumbling window in which reports come and cards are seen, milliseconds of
        event time, in whole days. A choice: four weeks, since half of the reports take more than
        one.
    lookback_ms
        How long before the report a visit may lie, milliseconds of event time. A choice: some days
        from copying to use, some weeks from use to report.
    min_reported_cards
        Number of distinct reported cards from which on the rule fires. A choice: four by chance
        at one merchant are rare even where one card in a hundred is reported.
    min_share
        Reported cards over cards seen, a ratio. A choice: far above the share of cards that are
        reported anyway.
    sample_one_in
        Number of cards of which one is counted as seen, and stands for all of them. A choice: the
        share need not be exact, and each card counted costs the job as much as a swipe.
    weight
        Probability of fraud that the rule alone stands for. A choice until measured.
    """

    window_ms: Annotated[int, Meta(gt=0, le=45 * _DAY_MS, multiple_of=_DAY_MS)] = 28 * _DAY_MS
    lookback_ms: Annotated[int, Meta(gt=0, le=45 * _DAY_MS)] = 42 * _DAY_MS
    min_reported_cards: Annotated[int, Meta(ge=2, le=256)] = 4
    min_share: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.1
    sample_one_in: Annotated[int, Meta(ge=1, le=1_000)] = 16
    weight: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.7


class CompromisedTerminal(ReportRule):
    """Have many of the cards that paid at one merchant been reported since?

    Formula
    -------
    A *visit* of a card is an approved authorisation with the card present (chip, contactless,
    magstripe or fallback); of each merchant and day (UTC) the first is remembered, of each card the
    48 last ones, 45 days back. A report of kind counterfeit, card_not_present or other, made at
    event time *r* about a swipe at event time *e*, speaks against each merchant, other than the
    swipe's own, that the card visited in [r - ``lookback_ms``, e). *Reported cards* of a merchant
    are the distinct cards with such reports with r in one tumbling window
    [k * ``window_ms``, (k + 1) * ``window_ms``) since the epoch.

    *Cards seen* at time r are an estimate: of each card whose token's CRC-32 is a multiple of
    ``sample_one_in``, the first visit to the merchant in each such window counts for its day, if
    that ended at least 12 h before r; so many in r's window or in the one before, whichever are
    more, times ``sample_one_in``. The share is reported cards over the larger of reported cards
    and cards seen.

    The reports of a window in order of r: value = number of reported cards so far if that number
    over cards seen at r, the share, is >= ``min_share``, else 0. Fires at the first at which value
    >= ``min_reported_cards``, once for each merchant and window. The entity is the merchant: a
    terminal that was tampered with shows up as its shop.

    Misses
    ------
    Merchants whose visitors are mostly not copied: a busy shop skimmed for an hour. Cards copied
    longer before the report than ``lookback_ms``, or before their last 48 visits; fraud that nobody
    reports; copies made on the net. Reports cut in two by a window's edge. Where the stream has
    just begun, the cards seen are only those of the profiles' recent swipes, too few, and a busy
    merchant looks suspicious sooner.

    Disorder
    --------
    None but this: a card whose 49th visit comes while a report of it is on its way may have
    forgotten its first one or not. Reports may come in any order, and after swipes made later or
    before swipes made earlier, by half a day. One that comes after its window has closed is
    dropped and said so.

    References
    ----------
    Visa, "What To Do If Compromised" (2023): common point of purchase, the issuers' own search
    for the merchant that reported cards share. MasterCard, "Account Data Compromise User Guide".
    Window, counts and share are choices.

    Examples
    --------
    A card reported as counterfeit speaks against the shop it visited before:

    >>> from job.rules.example import example_report, example_swipe
    >>> card = CardState()
    >>> card.note_visit(example_swipe(event_time_ms=1_000))
    >>> report = example_report(event_time_ms=2_000, reported_ms=3_000)
    >>> [against.entity_id for against in CompromisedTerminal().suspects(report, card)]
    ['example-shop']

    Four reported cards are many among thirty, and few among a hundred:

    >>> rule = CompromisedTerminal(CompromisedTerminalParameters(sample_one_in=1))
    >>> at_ms = 10 * 86_400_000
    >>> rule.measure(4, at_ms, {8: 30}), rule.measure(4, at_ms, {8: 100})
    (4.0, 0.0)
    """

    name: ClassVar[str] = "compromised_terminal"
    reason_code: ClassVar[str] = "COMPROMISED_TERMINAL"
    unit: ClassVar[str] = "cards"
    needs: ClassVar[frozenset[str]] = frozenset({"entry_mode", "merchant_id"})
    entity_type: ClassVar[EntityType] = "merchant"
    Parameters = CompromisedTerminalParameters
    parameters: CompromisedTerminalParameters

    @property
    def threshold(self) -> float:
        """Distinct reported cards in the window."""
        return float(self.parameters.min_reported_cards)

    @property
    def window_ms(self) -> int:
        """The tumbling window."""
        return self.parameters.window_ms

    def seen(self, swipe: Swipe, card: CardState) -> Observation | None:
        """A card of the sample counts at its first visit in a window."""
        if not is_visit(swipe) or crc32(swipe.card_token.encode()) % self.parameters.sample_one_in:
            return None
        window, merchant_id = swipe.event_time_ms // self.window_ms, swipe.merchant_id
        for visit in card.visits:
            same_window = visit.event_time_ms // self.window_ms == window
            if visit.merchant_id == merchant_id and same_window:
                return None
        return Observation(
            rule=self.name,
            entity_id=merchant_id,
            card_token=swipe.card_token,
            swipe_id=swipe.swipe_id,
            event_time_ms=swipe.event_time_ms,
        )

    def suspects(self, report: FraudReport, card: CardState) -> list[Observation]:
        """Each merchant that the card visited before the fraud, not too long ago."""
        if report.kind not in COPIED:
            return []
        from_ms = report.reported_ms - self.parameters.lookback_ms
        visited = {
            visit.merchant_id
            for visit in card.visits
            if from_ms <= visit.event_time_ms < report.event_time_ms
        }
        return [
            Observation(
                rule=self.name,
                entity_id=merchant_id,
                card_token=report.card_token,
                swipe_id=report.swipe_id,
                event_time_ms=report.reported_ms,
                reported=True,
            )
            for merchant_id in sorted(visited - {report.merchant_id})
        ]

    def measure(self, cards: int, at_ms: int, seen_by_day: Mapping[int, int]) -> float:
        """The reported cards, if they are many among those seen."""
        share = cards / max(cards, self._cards_seen(at_ms, seen_by_day))
        return float(cards) if share >= self.parameters.min_share else 0.0

    def explain(self, cards: int, at_ms: int, seen_by_day: Mapping[int, int]) -> Saw:
        """Reported cards, cards seen, and what share the ones are of the others."""
        seen = self._cards_seen(at_ms, seen_by_day)
        return {
            "window_ms": self.window_ms,
            "reported_cards": cards,
            "cards_seen_estimate": seen,
            "share": round(cards / max(cards, seen), 4),
            "min_share": self.parameters.min_share,
        }

    def _cards_seen(self, at_ms: int, seen_by_day: Mapping[int, int]) -> int:
        """Never fewer at a later moment of a window, or reports would not add up in any order."""
        end_day = (at_ms - _SETTLED_MS) // _DAY_MS
        days = self.window_ms // _DAY_MS
        window = at_ms // self.window_ms
        now = before = 0
        for day, cards in seen_by_day.items():
            if day < end_day:
                now += cards * (day // days == window)
                before += cards * (day // days == window - 1)
        return max(now, before) * self.parameters.sample_one_in
