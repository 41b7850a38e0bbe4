"""What does the generator know of a swipe before it is rendered?

Swipes as columns of small numbers: strings are made once, at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from generator.cards import Cards
from generator.merchants import Market
from generator.mixing import I64, U64, Bool
from generator.places import CURRENCIES, PLACES
from generator.spending import CATEGORIES
from job.contracts import EntryMode, MessageType, Swipe

ENTRY_MODES: Final[tuple[EntryMode, ...]] = (
    "chip",
    "contactless",
    "magstripe",
    "fallback",
    "ecommerce",
    "recurring",
)
CHIP, CONTACTLESS, MAGSTRIPE, FALLBACK, ECOMMERCE, RECURRING_ENTRY = range(6)
MESSAGE_TYPES: Final[tuple[MessageType, ...]] = (
    "authorisation",
    "zero_amount_check",
    "reversal",
)
AUTHORISATION, ZERO_AMOUNT_CHECK, REVERSAL = range(3)
#: Approved; insufficient funds; do not honour; wrong PIN; CVV2 failure; expired; over the limit;
#: too many taps without a PIN; no such card.
RESPONSE_CODES: Final = ("00", "51", "05", "55", "N7", "54", "61", "65", "14")
#: A device that the card has not used before.
NEW_DEVICE: Final = 2
NO_DEVICE: Final = -1
IP_COUNTRIES: Final = tuple(sorted({place.country for place in PLACES}))
NO_IP: Final = -1


@dataclass
class SwipeTable:
    """Swipes as columns; ``card`` is a row of the :class:`Cards` that go with the table."""

    card: I64
    time_ms: I64
    terminal: U64
    amount_minor: I64
    entry_mode: I64
    device_slot: I64
    ip_country: I64
    response: I64
    message_type: I64

    def __len__(self) -> int:
        return len(self.card)

    def take(self, rows: I64 | Bool) -> SwipeTable:
        """These rows, in this order."""
        return SwipeTable(*(getattr(self, field.name)[rows] for field in fields(self)))


def make_swipes(
    table: SwipeTable,
    swipe_ids: Sequence[str],
    cards: Cards,
    tokens: Sequence[str],
    devices: Sequence[Sequence[str]],
    market: Market,
) -> list[Swipe]:
    """The swipes of a table, row by row.

    Parameters
    ----------
    swipe_ids
        One for each row.
    tokens, devices
        Of each card: its token, and its devices by slot, the new one last.
    """
    keys, inverse = np.unique(table.terminal, return_inverse=True)
    terminals = market.terminals(keys)
    place_known = (~terminals.online).tolist()
    where = [
        (
            terminals.merchant_id[i],
            terminals.terminal_id[i],
            CATEGORIES[category].mcc,
            terminals.country[i],
            latitude if place_known[i] else None,
            longitude if place_known[i] else None,
        )
        for i, (category, latitude, longitude) in enumerate(
            zip(
                terminals.category.tolist(),
                terminals.latitude.tolist(),
                terminals.longitude.tolist(),
                strict=True,
            )
        )
    ]
    currencies = [CURRENCIES[PLACES[home].country][0] for home in cards.home.tolist()]
    swipes = []
    for swipe_id, card, at, time_ms, amount, entry, slot, ip, response, message in zip(
        swipe_ids,
        table.card.tolist(),
        inverse.tolist(),
        table.time_ms.tolist(),
        table.amount_minor.tolist(),
        table.entry_mode.tolist(),
        table.device_slot.tolist(),
        table.ip_country.tolist(),
        table.response.tolist(),
        table.message_type.tolist(),
        strict=True,
    ):
        merchant_id, terminal_id, mcc, country, latitude, longitude = where[at]
        swipes.append(
            Swipe(
                swipe_id=swipe_id,
                card_token=tokens[card],
                bin=cards.bin[card],
                event_time_ms=time_ms,
                amount_minor=amount,
                currency=currencies[card],
                mcc=mcc,
                merchant_id=merchant_id,
                terminal_id=terminal_id,
                country=country,
                latitude=latitude,
                longitude=longitude,
                entry_mode=ENTRY_MODES[entry],
                device_id=None if slot == NO_DEVICE else devices[card][slot],
                ip_country=None if ip == NO_IP else IP_COUNTRIES[ip],
                response_code=RESPONSE_CODES[response],
                message_type=MESSAGE_TYPES[message],
            )
        )
    return swipes
