"""Up to which amount is a tap enough?"""

from __future__ import annotations

from typing import Final

#: Without a PIN: 50 euro (Commission Delegated Regulation (EU) 2018/389, article 11). Other
#: currencies: what their schemes have set (UK 100 GBP, since October 2021; Poland 100 PLN; Sweden
#: 400 SEK; Denmark 350 DKK). Minor units.
_LIMITS_MINOR: Final = {
    "EUR": 5_000,
    "GBP": 10_000,
    "PLN": 10_000,
    "SEK": 40_000,
    "DKK": 35_000,
}


def contactless_limit_minor(currency: str) -> int:
    """The limit in a currency, minor units."""
    return _LIMITS_MINOR[currency]
