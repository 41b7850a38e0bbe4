"""Where, how and for how much does a holder swipe?

Ordinary swipes of given cards at given times, and what a scenario needs of the same habits. All
shares are choices unless a source is named.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from generator.cards import Cards
from generator.merchants import ONLINE_PLACE, Market
from generator.mixing import F64, I64, U64, Bool, bits, uniform
from generator.places import PLACES
from generator.spending import (
    CASH,
    LOG_MEDIAN,
    LOG_SD,
    NOTE_MINOR,
    ONLINE,
    ONLINE_CUMULATIVE,
    PRESENT,
    PRESENT_CUMULATIVE,
    RECURRING,
)
from generator.swipe_table import (
    AUTHORISATION,
    CHIP,
    CONTACTLESS,
    ECOMMERCE,
    FALLBACK,
    IP_COUNTRIES,
    MAGSTRIPE,
    NEW_DEVICE,
    NO_DEVICE,
    NO_IP,
    RECURRING_ENTRY,
    ZERO_AMOUNT_CHECK,
    SwipeTable,
)

#: Swipes at one of the card's own few merchants.
FAVOURITE_SHARE: Final = 0.5
FAVOURITES: Final = 4
#: Contactless among card-present swipes up to the limit. Over all card payments, remote ones
#: included, this makes a share between the 53.8 percent that the ECB counted in the euro area in
#: the second half of 2022 (data blog, 16 November 2023) and the two thirds of late 2024.
CONTACTLESS_SHARE: Final = 0.85
#: Up to here no PIN is asked, euro cents (PSD2 regulatory technical standards, article 11).
CONTACTLESS_LIMIT_MINOR: Final = 5_000
#: Above it, paid contactless with a phone. A choice.
WALLET_SHARE: Final = 0.5
MAGSTRIPE_SHARE: Final = 0.004
FALLBACK_SHARE: Final = 0.006
RECURRING_SHARE: Final = 0.7
#: Cards with a second device use it this often; with one that is none of the card's own this often:
#: browsers that forget, private windows, another's computer.
SECOND_DEVICE_SHARE: Final = 0.3
NEW_DEVICE_SHARE: Final = 0.06
#: The net address is in another country than the holder: roaming, private networks.
FOREIGN_IP_SHARE: Final = 0.01
ZERO_AMOUNT_SHARE: Final = 0.02
#: Declines: upper bounds of insufficient funds, do not honour, then the channel's own.
DECLINE_BOUNDS: Final = np.array([0.020, 0.032, 0.042])
#: Of all swipes: the channel's rarer declines, and among those on the net replaced cards.
RARER_DECLINES: Final = 0.003
REPLACED_CARDS: Final = 0.0007
MIN_AMOUNT_MINOR: Final = 50

_PLACE_IP: Final = np.array([IP_COUNTRIES.index(place.country) for place in PLACES])


def ordinary_swipes(
    rng: np.random.Generator, card: I64, time_ms: I64, cards: Cards, market: Market
) -> SwipeTable:
    """Ordinary swipes of these cards (rows of ``cards``) at these times."""
    count = len(card)
    category, terminal = _terminals(rng, card, cards, market)
    online = category >= ONLINE[0]
    noise = rng.standard_normal(count)
    amount_minor = amounts(noise, category, cards.level[card], cards.scale[card])
    euro_cents = amount_minor / cards.scale[card]
    entry_mode = entry_modes(rng.random(count), rng.random(count), category, euro_cents)
    devices = rng.random(count)
    slot = ((devices < SECOND_DEVICE_SHARE) & (cards.devices[card] > 1)).astype(np.int64)
    slot = np.where(devices >= 1.0 - NEW_DEVICE_SHARE, NEW_DEVICE, slot)
    remote = entry_mode == ECOMMERCE
    foreign = rng.random(count) < FOREIGN_IP_SHARE
    strange_ip = np.floor(rng.random(count) * len(IP_COUNTRIES)).astype(np.int64)
    ip_country = np.where(foreign, strange_ip, _PLACE_IP[cards.current[card]])
    check = remote & (rng.random(count) < ZERO_AMOUNT_SHARE)
    return SwipeTable(
        card=card,
        time_ms=time_ms,
        terminal=terminal,
        amount_minor=np.where(check, 0, amount_minor),
        entry_mode=entry_mode,
        device_slot=np.where(remote, slot, NO_DEVICE),
        ip_country=np.where(remote, ip_country, NO_IP),
        response=responses(rng.random(count), entry_mode, online),
        message_type=np.where(check, ZERO_AMOUNT_CHECK, AUTHORISATION),
    )


def _terminals(
    rng: np.random.Generator, card: I64, cards: Cards, market: Market
) -> tuple[I64, U64]:
    """Category and terminal: half of the time one of the card's favourites."""
    count = len(card)
    favourite = rng.random(count) < FAVOURITE_SHARE
    slot = np.floor(rng.random(count) * FAVOURITES).astype(np.uint64)
    is_online = rng.random(count) < cards.online_share[card]
    # A favourite is a function of card, channel and slot: the same in the history and now.
    own = bits(cards.random[card] + (slot << np.uint64(1)) + is_online.astype(np.uint64), 7)
    u_category = np.where(favourite, uniform(own, 1), rng.random(count))
    u_rank = np.where(favourite, uniform(own, 2), rng.random(count))
    category = np.where(
        is_online,
        ONLINE[np.searchsorted(ONLINE_CUMULATIVE, u_category, side="right")],
        PRESENT[np.searchsorted(PRESENT_CUMULATIVE, u_category, side="right")],
    )
    place = np.where(is_online, ONLINE_PLACE, cards.current[card])
    rank = market.rank(u_rank, place, category)
    return category, market.keys(rng.random(count), place, category, rank)


def amounts(noise: F64, category: I64, level: F64, scale: F64) -> I64:
    """Amounts in minor units from standard normal values; cash in whole notes of ten."""
    raw = np.exp(LOG_MEDIAN[category] + level + LOG_SD[category] * noise) * scale
    minor = np.maximum(np.rint(raw), MIN_AMOUNT_MINOR)
    notes = np.maximum(np.rint(minor / NOTE_MINOR), 1.0) * NOTE_MINOR
    return np.where(category == CASH, notes, minor).astype(np.int64)


def entry_modes(u: F64, u_wallet: F64, category: I64, euro_cents: F64) -> I64:
    """How holders pay, from two uniform values each."""
    small = euro_cents <= CONTACTLESS_LIMIT_MINOR
    tap = np.where(small, u < CONTACTLESS_SHARE, u_wallet < WALLET_SHARE) & (category != CASH)
    present = np.where(tap, CONTACTLESS, CHIP)
    present = np.where(u >= 1.0 - MAGSTRIPE_SHARE, MAGSTRIPE, present)
    rest = (u < 1.0 - MAGSTRIPE_SHARE) & (u >= 1.0 - MAGSTRIPE_SHARE - FALLBACK_SHARE)
    present = np.where(rest, FALLBACK, present)
    stored = RECURRING[category] & (u < RECURRING_SHARE)
    remote = np.where(stored, RECURRING_ENTRY, ECOMMERCE)
    return np.where(category >= ONLINE[0], remote, present)


def responses(u: F64, entry_mode: I64, online: Bool) -> I64:
    """Indices of response codes: mostly approved; a wrong PIN only where one is asked.

    Each channel has its usual decline and a rarer one: expired on the net, the limit with a PIN,
    the count of taps without; and on the net a number that was replaced long ago.
    """
    kind = np.searchsorted(DECLINE_BOUNDS, u, side="right")
    tapped = entry_mode == CONTACTLESS
    usual = np.where(online, 4, np.where(entry_mode == CHIP, 3, 1))
    rarer = np.where(online, 5, np.where(tapped, 7, 6))
    own = np.where(u >= DECLINE_BOUNDS[2] - RARER_DECLINES, rarer, usual)
    own = np.where(online & (u >= DECLINE_BOUNDS[2] - REPLACED_CARDS), 8, own)
    return np.where(kind == 0, 1, np.where(kind == 1, 2, np.where(kind == 2, own, 0)))
