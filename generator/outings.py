"""How do a card's swipes come together, as on a shopping trip?

People act in bursts with long pauses (Goh and Barabasi 2008, EPL 81, 48002), and card holders
bundle their visits to shops (Krumme et al. 2013, Scientific Reports 3, 1645). So some swipes follow
one of the same card soon after; how many and how soon are choices, which give a burstiness B
between 0.2 and 0.4 where independent swipes have 0.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from generator.mixing import F64, I64

#: Swipes that follow another one of their card on the same outing. A choice.
FOLLOWING_SHARE: Final = 0.5
#: Mean time between the two, exponential. A choice.
FOLLOWING_MEAN_MS: Final = 3_600_000
_MS_PER_DAY: Final = 86_400_000


def follow_outings(rng: np.random.Generator, number: I64, time_ms: I64) -> I64:
    """Let some swipes be of the card that swiped a while before.

    Parameters
    ----------
    number
        Cards drawn one by one, each for its own swipe.
    time_ms
        Event times, ascending. A swipe that would follow one before the first stays as it was.

    Returns
    -------
    ndarray of int64
        Card numbers. How often each card is drawn does not change on average: all swipes of an
        outing have the card of its first, and that was drawn as all are.
    """
    count = len(number)
    follows = rng.random(count) < FOLLOWING_SHARE
    gap_ms = np.ceil(rng.standard_exponential(count) * FOLLOWING_MEAN_MS).astype(np.int64)
    before = np.searchsorted(time_ms, time_ms - gap_ms, side="right") - 1
    first = np.where(follows & (before >= 0), before, np.arange(count))
    while True:
        further = first[first]
        if np.array_equal(further, first):
            together: I64 = number[first]
            return together
        first = further


def outing_gaps(rng: np.random.Generator, per_day: F64, limit: int) -> F64:
    """Days between the last ``limit`` swipes of cards, backwards from now, one row a card.

    The same mix of short and long gaps; the first is as at a moment chosen at random, which falls
    into long gaps more often than into short ones.
    """
    short_days = FOLLOWING_MEAN_MS / _MS_PER_DAY
    rate = per_day[:, None]
    # Busy cards have no pauses long enough to make up for the short gaps: theirs are all alike.
    share = np.where(rate * short_days < 1.0, FOLLOWING_SHARE, 0.0)
    long_days = (1.0 / rate - share * short_days) / (1.0 - share)
    chance = np.broadcast_to(share, (len(per_day), limit)).copy()
    chance[:, :1] = share * short_days * rate
    is_short = rng.random((len(per_day), limit)) < chance
    mean_days = np.where(is_short, short_days, long_days)
    gaps: F64 = rng.standard_exponential((len(per_day), limit)) * mean_days
    return gaps
