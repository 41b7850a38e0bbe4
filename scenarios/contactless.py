"""Up to which amount is a tap enough?"""

from __future__ import annotations

from typing import Final

#: Without a PIN: 50 euro (Commission Delegated Regulation (EU) 2018/389, article 11); in other
#: currencies what that is at the population's rates, so that holders and thieves tap up to the
#: same. Minor units.
_LIMITS_MINOR: Final = {
    "EUR": 5_000,
    "GBP": 4_300,
    "PLN": 21_250,
    "SEK": 55_000,
    "DKK": 37_300,
}


def contactless_limit_minor(currency: str) -> int:
    """The limit in a currency, minor units."""
    return _LIMITS_MINOR[currency]
