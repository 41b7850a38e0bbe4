"""How many swipes did each minute of a card add to its hours?

Hours overlap, so their counts do not add up to what was judged. What each has more than the card's
earlier minutes within it does.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from job.contracts import WindowResult
from job.engine.event_windows import MINUTE_MS


def swipes_of_hours(results: Iterable[WindowResult]) -> Counter[tuple[str, int]]:
    """Of each card's hours, one result each, the swipes of their last minutes.

    Returns
    -------
    Counter
        Swipes by card and start of the minute, ms since the epoch.
    """
    hours: dict[str, list[WindowResult]] = defaultdict(list)
    for each in results:
        if each.window == "card_hour":
            hours[each.entity_id].append(each)
    found: Counter[tuple[str, int]] = Counter()
    for card, of_card in hours.items():
        minutes: dict[int, int] = {}
        for hour in sorted(of_card, key=lambda each: each.window_end_ms):
            earlier = (n for start_ms, n in minutes.items() if start_ms >= hour.window_start_ms)
            minutes[hour.window_end_ms - MINUTE_MS] = hour.swipes - sum(earlier)
        found.update({(card, start_ms): count for start_ms, count in minutes.items()})
    return found
