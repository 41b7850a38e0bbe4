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
FOLLOWING_SHARE: Final = 0.6
#: Time between the two: a least one, to the next shop and its till, plus an exponential; its mean.
#: Choices.
FOLLOWING_LEAST_MS: Final = 240_000
FOLLOWING_MEAN_MS: Final = 2_100_000
#: Swipes of an outing, at most. A choice.
OUTING_SWIPES: Final = 6
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
    itself = np.arange(count)
    wanted = np.flatnonzero(rng.random(count) < FOLLOWING_SHARE)
    beyond_ms = rng.standard_exponential(len(wanted)) * (FOLLOWING_MEAN_MS - FOLLOWING_LEAST_MS)
    gap_ms = FOLLOWING_LEAST_MS + np.ceil(beyond_ms).astype(np.int64)
    before = np.searchsorted(time_ms, time_ms[wanted] - gap_ms, side="right") - 1
    wanted, before = wanted[before >= 0], before[before >= 0]
    # Nobody is in two shops at once: a swipe is followed by one other at most.
    before, chosen = np.unique(before, return_index=True)
    previous = itself.copy()
    previous[wanted[chosen]] = before
    previous = np.where(_place_in_outing(previous) % OUTING_SWIPES == 0, itself, previous)
    while True:
        further = previous[previous]
        if np.array_equal(further, previous):
            together: I64 = number[previous]
            return together
        previous = further


def _place_in_outing(previous: I64) -> I64:
    """How many swipes came before each in its chain; 0 for its first."""
    itself = np.arange(len(previous))
    place = np.zeros(len(previous), dtype=np.int64)
    at = previous
    while True:
        moved = at != itself
        if not moved.any():
            return place
        place[moved] += 1
        itself, at = at, previous[at]


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
    least_days = np.where(is_short, FOLLOWING_LEAST_MS / _MS_PER_DAY, 0.0)
    beyond = rng.standard_exponential((len(per_day), limit)) * (mean_days - least_days)
    gaps: F64 = least_days + beyond
    return gaps
