"""What does a report of fraud say of the swipe that it is about?"""

from __future__ import annotations

from typing import Final, NamedTuple

from job.contracts import FraudKind, FraudReport, Swipe

_KINDS: Final[dict[str, FraudKind]] = {
    "chip": "lost_or_stolen",
    "contactless": "lost_or_stolen",
    "magstripe": "counterfeit",
    "fallback": "counterfeit",
    "ecommerce": "card_not_present",
    "recurring": "card_not_present",
}


class ReportableSwipe(NamedTuple):
    """What a report needs of a swipe, and whose incident it is; else as in `Swipe`."""

    swipe_id: str
    card_token: str
    merchant_id: str
    terminal_id: str
    event_time_ms: int
    entry_mode: str
    incident_id: str | None


def report_of(swipe: Swipe | ReportableSwipe, reported_ms: int) -> FraudReport:
    """The report that a swipe was fraud, made at an event time."""
    return FraudReport(
        report_id=f"report:{swipe.swipe_id}",
        swipe_id=swipe.swipe_id,
        card_token=swipe.card_token,
        merchant_id=swipe.merchant_id,
        terminal_id=swipe.terminal_id,
        event_time_ms=swipe.event_time_ms,
        reported_ms=reported_ms,
        kind=_KINDS.get(swipe.entry_mode, "other"),
    )
