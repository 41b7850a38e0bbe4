"""How many of the cards that a day's staff can call are rightly called?

Precision@k a day, with k the cards that the staff of such a portfolio can work on. After Dal
Pozzolo et al. (2018), "Credit card fraud detection: a realistic modeling and a novel learning
strategy": of each day's cards, ranked by their highest score, the share of the first k that had
fraud that day.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from evaluation.board.sample import Sample

#: Cards that the staff calls a day, for each 10,000 cards of the portfolio. A choice.
CALLS_PER_10000_CARDS: Final = 1.0
_MS_PER_DAY: Final = 86_400_000


class DailyPrecision(NamedTuple):
    """Cards called and rightly called, over all days, and the most that could be right.

    ``right`` is an expectation: where the k-th card shares its score with others, each of them is
    as likely to be called. Cards with a score of 0 are never called, but count in ``calls``.
    """

    calls: int
    k: float
    right: float
    possible: int


_RANKED: Final = """
WITH cards AS (
  SELECT day, card, max(score) AS score, bool_or(fraud) AS fraud FROM swipes GROUP BY ALL),
tied AS (
  SELECT day, score, count(*) AS cards, count(*) FILTER (WHERE fraud) AS right_cards
  FROM cards WHERE score > 0 GROUP BY ALL),
placed AS (
  SELECT *, coalesce(sum(cards) OVER (PARTITION BY day ORDER BY score DESC
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before FROM tied)
SELECT p.day, sum(right_cards * greatest(0, least(1, (d.k - before) / cards))) AS right_cards
FROM placed p JOIN days d USING (day) GROUP BY ALL
"""


def precision_at_k(
    sample: Sample, score: NDArray[Any], per_10000_cards: float = CALLS_PER_10000_CARDS
) -> DailyPrecision:
    """Precision@k over the days of all portfolios together.

    Parameters
    ----------
    score
        Of every swipe.
    per_10000_cards
        Cards called a day for each 10,000 cards; k is rounded, and at least 1.
    """
    from_ms = np.array([shard.scored_from_ms for shard in sample.shards])
    day = (sample.time_ms - from_ms[sample.shard]) // _MS_PER_DAY
    days = np.unique(day[sample.scored])
    k = [_calls(sample, int(each), per_10000_cards) for each in days]
    # Only what could be called, or should be, is ranked.
    rows = np.flatnonzero(sample.scored & ((score > 0) | sample.fraud))
    swipes = pa.table(
        {
            "day": day[rows],
            "card": sample.card[rows],
            "score": score[rows],
            "fraud": pa.array(sample.fraud[rows]),
        }
    )
    with duckdb.connect() as connection:
        connection.register("swipes", swipes)
        connection.register("days", pa.table({"day": days, "k": k}))
        ranked = connection.sql(_RANKED).fetchall()
    fraud = sample.fraud & sample.scored
    pairs = np.unique(np.stack([day[fraud], sample.card[fraud]], axis=1), axis=0)
    of_day = dict(zip(*np.unique(pairs[:, 0], return_counts=True), strict=True))
    possible = sum(
        min(calls, int(of_day.get(each, 0))) for each, calls in zip(days, k, strict=True)
    )
    right = float(sum(row[1] for row in ranked))
    return DailyPrecision(sum(k), float(np.mean(k)) if k else 0.0, right, possible)


def _calls(sample: Sample, day: int, per_10000_cards: float) -> int:
    cards = sum(shard.portfolio_cards for shard in sample.shards if day < shard.days)
    return max(1, round(cards * per_10000_cards / 10_000))
