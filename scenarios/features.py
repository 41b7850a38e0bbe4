"""By which figure of an incident would one tell an attack from what resembles it?

Functions of a planned incident, for the overlap of each pair. They look at the whole incident, the
holder's own swipes included, as a person would.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable

from job.contracts import APPROVED, CARD_PRESENT
from scenarios.base import Incident, PlannedSwipe
from scenarios.planning import apart_km

_MS_PER_H = 3_600_000


def marked(incident: Incident) -> list[PlannedSwipe]:
    """The swipes of the attack, or of the look-alike."""
    return [swipe for swipe in incident.swipes if swipe.role != "ordinary"]


def implied_speed_km_per_h(incident: Incident) -> float:
    """The greatest speed that two neighbouring card-present swipes imply; 0 without two."""
    present = sorted(
        (s for s in incident.swipes if s.entry_mode in CARD_PRESENT), key=lambda s: s.event_time_ms
    )
    fastest = 0.0
    for before, after in itertools.pairwise(present):
        hours = max(after.event_time_ms - before.event_time_ms, 1_000) / _MS_PER_H
        fastest = max(fastest, apart_km(before.terminal, after.terminal) / hours)
    return fastest


def most_in_window(times_ms: list[int], window_ms: int) -> float:
    """The most of these times in any window of that length.

    Examples
    --------
    >>> most_in_window([0, 10, 20, 100], 30)
    3.0
    """
    ordered = sorted(times_ms)
    return float(
        max(
            (at - bisect_left(ordered, time_ms - window_ms + 1) + 1)
            for at, time_ms in enumerate(ordered)
        )
        if ordered
        else 0
    )


def most_arrivals(incident: Incident, window_ms: int) -> float:
    """The most marked swipes of one card that arrive within a window."""
    by_card: dict[str, list[int]] = {}
    for swipe in marked(incident):
        arrival_ms = swipe.event_time_ms + swipe.arrival_delay_ms
        by_card.setdefault(swipe.card.card_token, []).append(arrival_ms)
    return max(most_in_window(times_ms, window_ms) for times_ms in by_card.values())


def largest_over_typical(incident: Incident) -> float:
    """The largest marked amount over what its card usually pays (geometric mean)."""
    return max(
        swipe.amount_minor / math.exp(swipe.card.amount_log_mean) for swipe in marked(incident)
    )


def largest_over_smallest(incident: Incident) -> float:
    """The largest marked amount over the smallest, zero taken as one minor unit."""
    amounts = [max(swipe.amount_minor, 1) for swipe in marked(incident)]
    return max(amounts) / min(amounts)


def declined(incident: Incident) -> float:
    """Marked swipes that were declined, of the card that has most."""
    counts = Counter(s.card.card_token for s in marked(incident) if s.response_code not in APPROVED)
    return float(max(counts.values(), default=0))


def most_cards_at_a_merchant(incident: Incident, window_ms: int) -> float:
    """The most distinct cards at one merchant within a window."""
    return _most_cards(incident, window_ms, lambda swipe: swipe.terminal.merchant_id)


def most_cards_on_a_device(incident: Incident, window_ms: int) -> float:
    """The most distinct cards from one device within a window."""
    return _most_cards(incident, window_ms, lambda swipe: swipe.device_id)


def _most_cards(
    incident: Incident, window_ms: int, place_of: Callable[[PlannedSwipe], str | None]
) -> float:
    by_place: dict[str, list[tuple[int, str]]] = {}
    for swipe in marked(incident):
        place = place_of(swipe)
        if place is not None:
            at = (swipe.event_time_ms, swipe.card.card_token)
            by_place.setdefault(place, []).append(at)
    most = 0
    for swipes in by_place.values():
        swipes.sort()
        for first, (start_ms, _) in enumerate(swipes):
            cards = {card for at, card in swipes[first:] if at < start_ms + window_ms}
            most = max(most, len(cards))
    return float(most)


def hour_of_day(incident: Incident) -> float:
    """Hour of the first marked swipe, UTC, counted from noon so that the night is in one piece."""
    first_ms = min(swipe.event_time_ms for swipe in marked(incident))
    return (first_ms / _MS_PER_H - 12.0) % 24.0
