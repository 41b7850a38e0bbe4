"""What do the examples on the rules' pages swipe?

An ordinary swipe and a card that has made some, with only what an example is about to be given.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Final

from job.contracts import CardProfile, EntryMode, FraudKind, FraudReport, MessageType, Swipe
from job.engine.card_state import CardState

_RETENTION_MS: Final = 7 * 86_400_000


@dataclass(frozen=True)
class Typical:
    """What the example's card is known for, over 100 approved authorisations."""

    amount_minor: float = 4_000.0
    amount_log_sd: float = 0.8
    amount_count: int = 100


def example_swipe(
    *,
    swipe_id: str = "example",
    event_time_ms: int = 0,
    amount_minor: int = 2_500,
    latitude: float | None = None,
    longitude: float | None = None,
    entry_mode: EntryMode = "chip",
    device_id: str | None = None,
    ip_country: str | None = None,
    response_code: str = "00",
    message_type: MessageType = "authorisation",
) -> Swipe:
    """An ordinary swipe of the example's card, with what is given changed; units as in `Swipe`."""
    return Swipe(
        swipe_id=swipe_id,
        card_token="example-card",  # noqa: S106 - a token stands for the card, it is no secret
        bin="400000",
        event_time_ms=event_time_ms,
        amount_minor=amount_minor,
        currency="EUR",
        mcc="5411",
        merchant_id="example-shop",
        terminal_id="example-till",
        country="FR",
        latitude=latitude,
        longitude=longitude,
        entry_mode=entry_mode,
        device_id=device_id,
        ip_country=ip_country,
        response_code=response_code,
        message_type=message_type,
    )


def example_report(
    *, event_time_ms: int, reported_ms: int, kind: FraudKind = "counterfeit"
) -> FraudReport:
    """A report that a swipe of the example's card, at another shop, was fraud; times in ms."""
    return FraudReport(
        report_id="report:copied",
        swipe_id="copied",
        card_token="example-card",  # noqa: S106
        merchant_id="another-shop",
        terminal_id="another-till",
        event_time_ms=event_time_ms,
        reported_ms=reported_ms,
        kind=kind,
    )


def example_card(*past: Swipe, typical: Typical | None = None) -> CardState:
    """The card after the given swipes, in their order of arrival; home is France."""
    card = CardState()
    if typical is not None:
        card.apply_profile(_profile(typical), _RETENTION_MS)
    for swipe in past:
        card.remember(swipe, digest=0, retention_ms=_RETENTION_MS)
    return card


def _profile(typical: Typical) -> CardProfile:
    return CardProfile(
        card_token="example-card",  # noqa: S106
        bin="400000",
        updated_ms=0,
        home_country="FR",
        home_latitude=48.8566,
        home_longitude=2.3522,
        currency="EUR",
        amount_count=typical.amount_count,
        amount_log_mean=log(typical.amount_minor),
        amount_log_sd=typical.amount_log_sd,
        device_ids=["holders-phone"],
        usual_countries=["BE"],
    )
