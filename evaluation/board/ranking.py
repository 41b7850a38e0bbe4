"""How good are the k card-days that a team has time for?"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluation.board.shards import Exam

#: Card-days that the staff of a portfolio works on, a day and 10,000 cards. A choice.
WORKED_PER_10000: Final = 2.0
_DAY_MS: Final = 86_400_000


class Ranking(NamedTuple):
    """Precision of the k card-days with the highest scores of each day, over portfolios and days.

    ``possible`` is what a perfect order would reach: no more than there is fraud. ``filled`` is the
    share of the k places that a score above 0 fills.
    """

    k_a_day: float
    precision: float
    possible: float
    filled: float


def precision_at_k(exam: Exam, portfolios: int) -> Ranking:
    """Precision@k a day, k scaled to the portfolio; places that no score fills count as wrong.

    Dal Pozzolo et al. (2018), "Credit card fraud detection: a realistic modeling and a novel
    learning strategy", IEEE TNNLS 29 (8).
    """
    k = max(1, round(WORKED_PER_10000 * exam.cards / max(portfolios, 1) / 10_000))
    day = exam.time_ms // _DAY_MS
    days = np.unique(day)
    frauds = np.unique(_card_days(exam, day, exam.is_fraud), axis=0)
    rows = exam.score > 0
    scored, inverse = np.unique(_card_days(exam, day, rows), axis=0, return_inverse=True)
    best = np.zeros(len(scored))
    np.maximum.at(best, inverse.ravel(), exam.score[rows])
    places = k * len(days) * portfolios
    is_fraud = _rows_in(scored, frauds)
    group = scored[:, 0] * (int(days.max()) + 1) + scored[:, 1]
    order = np.lexsort((scored[:, 2], -best, group))
    _, start, counts = np.unique(group[order], return_index=True, return_counts=True)
    rank = np.arange(len(order)) - np.repeat(start, counts)
    kept = order[rank < k]
    fraud_groups = np.unique(frauds[:, :2], axis=0, return_counts=True)[1]
    return Ranking(
        k_a_day=float(k),
        precision=float(is_fraud[kept].sum()) / places,
        possible=float(np.minimum(fraud_groups, k).sum()) / places,
        filled=len(kept) / places,
    )


def _card_days(exam: Exam, day: NDArray[np.int64], rows: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.stack([exam.shard[rows].astype(np.int64), day[rows], exam.card[rows]], axis=1)


def _rows_in(some: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.bool_]:
    known = {tuple(each) for each in others.tolist()}
    return np.array([tuple(each) in known for each in some.tolist()], dtype=bool)
