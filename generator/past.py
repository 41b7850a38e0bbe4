"""What did each card do before the first second, and can a holder have been in both places?"""

from __future__ import annotations

from typing import Final

import numpy as np

from generator.cards import Cards
from generator.merchants import ONLINE_PLACE, Market, category_of, place_of
from generator.mixing import F64, I64
from generator.outings import outing_gaps
from generator.places import KM_PER_DEGREE, PLACES
from generator.schedule import activity_days, time_at_activity
from generator.spending import CASH, NOTE_MINOR
from generator.swipe_table import AUTHORISATION, CHIP, CONTACTLESS, REVERSAL, SwipeTable

#: How fast holders move about in a city, and how far apart two counters of one place may be.
#: Choices: a car with parking.
CITY_KM_PER_H: Final = 50.0
SAME_SPOT_KM: Final = 0.3
#: Share of approved swipes taken back by the same card's next record, and within which time.
#: Choices.
REVERSAL_SHARE: Final = 0.006
REVERSAL_WITHIN_MS: Final = 24 * 3_600_000

_COSINES: Final = np.round(
    np.cos(np.radians(np.array([place.latitude for place in PLACES] + [0.0]))), 6
)


def past_times(
    rng: np.random.Generator, cards: Cards, start_ms: int, days: int, limit: int
) -> tuple[I64, I64]:
    """Card rows and event times (ms) of the swipes before ``start_ms``.

    Outings backwards from the start (:mod:`generator.outings`), slowed at night: at most ``limit``
    swipes a card, none older than ``days``.
    """
    age_days = np.cumsum(outing_gaps(rng, cards.per_day, limit), axis=1)
    rows, columns = np.nonzero(age_days <= days)
    now = activity_days(np.array([start_ms]))[0]
    times = time_at_activity(now - age_days[rows, columns])
    return rows.astype(np.int64), np.minimum(times, start_ms - 1)


def make_consistent(rng: np.random.Generator, table: SwipeTable, market: Market) -> None:
    """Let no holder be in two places, and some take a swipe back. Changes the table.

    Parameters
    ----------
    table
        Sorted by card, then time.
    """
    reversal = _choose_reversals(rng, table)
    while True:
        _copy_previous(table, reversal)
        if not _settle_places(table, market):
            break
    _pay_out_notes(table)
    table.message_type[reversal] = REVERSAL
    table.response[reversal] = 0


def _choose_reversals(rng: np.random.Generator, table: SwipeTable) -> I64:
    same_card = table.card[1:] == table.card[:-1]
    soon = table.time_ms[1:] - table.time_ms[:-1] <= REVERSAL_WITHIN_MS
    usable = (table.response[:-1] == 0) & (table.message_type[:-1] == AUTHORISATION)
    chosen = (rng.random(len(table)) < REVERSAL_SHARE)[1:] & same_card & soon & usable
    chosen[1:] &= ~chosen[:-1]
    return np.flatnonzero(chosen) + 1


def _copy_previous(table: SwipeTable, rows: I64) -> None:
    for name in ("terminal", "amount_minor", "entry_mode", "device_slot", "ip_country"):
        column = getattr(table, name)
        column[rows] = column[rows - 1]


def _pay_out_notes(table: SwipeTable) -> None:
    """A swipe that was moved to a cash machine is for whole notes, and not contactless."""
    cash = category_of(table.terminal) == CASH
    notes = np.maximum(np.rint(table.amount_minor[cash] / NOTE_MINOR), 1.0) * NOTE_MINOR
    table.amount_minor[cash] = notes.astype(np.int64)
    moved = cash & (table.entry_mode == CONTACTLESS)
    table.entry_mode[moved] = CHIP


def _settle_places(table: SwipeTable, market: Market) -> bool:
    """Where a holder could not have got to the next counter in time, it was the same one."""
    present = np.flatnonzero(place_of(table.terminal) != ONLINE_PLACE)
    card, time_ms = table.card[present], table.time_ms[present]
    latitude, longitude = market.positions(table.terminal[present])
    cosine = _COSINES[place_of(table.terminal[present])]
    hours = (time_ms[1:] - time_ms[:-1]) / 3_600_000
    reach_km = SAME_SPOT_KM + CITY_KM_PER_H * hours
    same_card = card[1:] == card[:-1]
    changed = False
    while True:
        north_km: F64 = (latitude[1:] - latitude[:-1]) * KM_PER_DEGREE
        east_km: F64 = (longitude[1:] - longitude[:-1]) * KM_PER_DEGREE * cosine[1:]
        too_fast = same_card & (north_km * north_km + east_km * east_km > reach_km * reach_km)
        # Within a run of them only the first is sure: the next may follow from it.
        too_fast[1:] &= ~too_fast[:-1]
        rows = np.flatnonzero(too_fast)
        if not len(rows):
            return changed
        changed = True
        table.terminal[present[rows + 1]] = table.terminal[present[rows]]
        latitude[rows + 1] = latitude[rows]
        longitude[rows + 1] = longitude[rows]
