"""Does what was reported of an entity's cards prove anything?

The part of the engine across cards that serves rules on fraud reports: cards seen are counted by
day, reported cards are kept with their first report in each window. What is proved is a function
of both sets, whatever order they came in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from job.contracts import Observation
from job.rules.base import ReportRule

#: Reported cards kept for one entity and window; further ones change nothing. A choice: an entity
#: that so many did not prove anything about is popular. Bounds the state.
REPORTED_LIMIT: Final = 512
#: Days of cards seen that are kept: of the longest window and the one before.
SEEN_DAYS_KEPT: Final = 92
_DAY_MS: Final = 86_400_000


class FirstReport(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """A card's first report in a window, and the swipe it was about."""

    reported_ms: int
    swipe_id: str


class Proof(NamedTuple):
    """The report at which a rule's condition first held, and all those up to it.

    ``card_token`` is the last one's card; ``swipe_ids`` are the reported swipes, one a card, in the
    order of their reports.
    """

    value: float
    card_token: str
    at_ms: int
    swipe_ids: list[str]


def count_seen(seen_by_day: dict[int, int], observation: Observation) -> None:
    """Count a card at an entity, on its day."""
    day = observation.event_time_ms // _DAY_MS
    seen_by_day[day] = seen_by_day.get(day, 0) + 1


def count_reported(reported: dict[str, FirstReport], observation: Observation) -> None:
    """Take a card's report; of several the first by its time counts."""
    report = FirstReport(observation.event_time_ms, observation.swipe_id)
    known = reported.get(observation.card_token)
    if known is None:
        if len(reported) < REPORTED_LIMIT:
            reported[observation.card_token] = report
    elif report < known:
        reported[observation.card_token] = report


def first_proof(
    rule: ReportRule, reported: Mapping[str, FirstReport], seen_by_day: Mapping[int, int]
) -> Proof | None:
    """The report, in order of their times, at which the rule fires; None if at none.

    More reports can only add to it: at any moment there are then as many reported cards or more,
    and the cards seen at that moment are as many. What held at a report that is no card's first
    holds at the first report before it, since cards seen never become fewer within a window.
    """
    if len(reported) < rule.threshold:
        return None
    in_order = sorted((report, card_token) for card_token, report in reported.items())
    for cards, (report, card_token) in enumerate(in_order, start=1):
        value = rule.measure(cards, report.reported_ms, seen_by_day)
        if value >= rule.threshold:
            swipe_ids = [each.swipe_id for each, _ in in_order[:cards]]
            return Proof(value, card_token, report.reported_ms, swipe_ids)
    return None


def seen_until_ms(observation: Observation) -> int:
    """Event time from which on a card seen is of no use any more."""
    return (observation.event_time_ms // _DAY_MS + 1 + SEEN_DAYS_KEPT) * _DAY_MS


def forget_seen(seen_by_day: dict[int, int], watermark_ms: int) -> None:
    """Drop the days that no report can ask for any more; a watermark closes its millisecond."""
    last_gone = (watermark_ms + 1) // _DAY_MS - 1 - SEEN_DAYS_KEPT
    for day in [day for day in seen_by_day if day <= last_gone]:
        del seen_by_day[day]
