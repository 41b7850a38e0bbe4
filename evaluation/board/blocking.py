"""What would have been prevented, and who stopped, had the job been obeyed?

After a swipe with the action ``block`` the card is stopped, that swipe included, because its
response has not left yet. The stop lasts 24 hours (a choice: until the holder has been reached);
after it the next ``block`` begins another. The engine is not run again: what it would have said of
swipes that then never happen, or happen as declines, is not known, so figures after the first stop
of a card are an approximation.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluation.board.shards import BLOCK, Exam, booleans

STOP_MS: Final = 24 * 3_600_000
_DAY_MS: Final = 86_400_000


class Blocking(NamedTuple):
    """What obeying would have done. Money is approved money, minor units.

    ``holders_stopped`` are card-days on which a genuine approved swipe was stopped;
    ``holders_stopped_wrongly`` those of cards that were not under attack within the stop.
    """

    attempted_minor: int
    saved_minor: int
    genuine_stopped: int
    holders_stopped: int
    holders_stopped_wrongly: int
    holders_wrongly_per_10000_a_day: float


def stopped_rows(
    card: NDArray[np.int64], time_ms: NDArray[np.int64], blocks: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which rows are stopped.

    Examples
    --------
    A card blocked at noon is free again at the next noon:

    >>> hours = np.array([11, 12, 13, 35, 36, 37]) * 3_600_000
    >>> blocks = np.array([False, True, False, False, False, False])
    >>> stopped_rows(np.zeros(6, dtype=np.int64), hours, blocks).tolist()
    [False, True, True, True, False, False]
    """
    stopped = np.zeros(len(card), dtype=bool)
    blocked_cards = np.unique(card[blocks])
    rows = np.flatnonzero(np.isin(card, blocked_cards))
    rows = rows[np.lexsort((time_ms[rows], card[rows]))]
    of_card, free_ms = -1, 0
    for row in rows.tolist():
        if card[row] != of_card:
            of_card, free_ms = int(card[row]), 0
        if time_ms[row] < free_ms:
            stopped[row] = True
        elif blocks[row]:
            stopped[row] = True
            free_ms = int(time_ms[row]) + STOP_MS
    return stopped


def block_mode(exam: Exam) -> Blocking:
    """The figures of the block mode."""
    is_fraud, approved = exam.is_fraud, booleans(exam.labels.column("approved"))
    amount = np.asarray(exam.labels.column("amount_minor").to_numpy(), dtype=np.int64)
    time_ms = exam.time_ms
    stopped = stopped_rows(exam.card, time_ms, exam.action == BLOCK)
    genuine = stopped & ~is_fraud & approved
    days = time_ms // _DAY_MS
    attacked = np.unique(exam.card[is_fraud])
    harmed = np.unique(np.stack([exam.card[genuine], days[genuine]]), axis=1)
    wrongly = int((~np.isin(harmed[0], attacked)).sum())
    attempted = is_fraud & approved
    return Blocking(
        attempted_minor=int(amount[attempted].sum()),
        saved_minor=int(amount[attempted & stopped].sum()),
        genuine_stopped=int(genuine.sum()),
        holders_stopped=harmed.shape[1],
        holders_stopped_wrongly=wrongly,
        holders_wrongly_per_10000_a_day=10_000 * wrongly / exam.card_days,
    )
