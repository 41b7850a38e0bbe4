"""A card's profile as tests need it: home in France, nothing known but what a test gives."""

from __future__ import annotations

from typing import Any

from job.contracts import CardProfile


def a_profile(**changed: Any) -> CardProfile:
    """The profile of the examples' card, with what is given changed."""
    fields: dict[str, Any] = {
        "card_token": "example-card",
        "bin": "400000",
        "updated_ms": 0,
        "home_country": "FR",
        "home_latitude": 48.85,
        "home_longitude": 2.35,
        "currency": "EUR",
        "amount_count": 10,
        "amount_log_mean": 8.0,
        "amount_log_sd": 0.5,
    }
    return CardProfile(**(fields | changed))
