"""Which swipe does an output stand for?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]


def positions_by_id(
    swipe_ids: Iterable[str | None], positions: Iterable[int]
) -> dict[str, list[int]]:
    """Where each swipe id stands on ``swipes``, in order; a repeated swipe stands several times."""
    known: dict[str, list[int]] = defaultdict(list)
    for swipe_id, position in sorted(
        (pair for pair in zip(swipe_ids, positions, strict=True) if pair[0]),
        key=lambda pair: pair[1],
    ):
        known[str(swipe_id)].append(position)
    return dict(known)


def join_by_swipe_id(
    swipe_ids: Sequence[str | None], committed: Bools, known: Mapping[str, Sequence[int]]
) -> Int64s:
    """Give outputs that do not say where their swipe stood a source position.

    The k-th committed output of an id gets the k-th position of that id; further ones get the
    last, and so count as repeats. What never committed gets the first.

    Parameters
    ----------
    swipe_ids
        Of the outputs, in the order of their topic.
    committed
        Whether each was committed.
    known
        Positions by id.

    Returns
    -------
    array of int64
        -1 where the id is unknown.
    """
    joined = np.full(len(swipe_ids), -1, dtype=np.int64)
    taken: dict[str, int] = defaultdict(int)
    for row, (swipe_id, is_committed) in enumerate(zip(swipe_ids, committed, strict=True)):
        places = known.get(swipe_id or "")
        if not places:
            continue
        turn = taken[str(swipe_id)] if is_committed else 0
        joined[row] = places[min(turn, len(places) - 1)]
        taken[str(swipe_id)] += bool(is_committed)
    return joined


def first_received(positions: Int64s, received_ns: Int64s) -> tuple[Int64s, Int64s]:
    """The first receipt for each source position.

    Parameters
    ----------
    positions
        Packed; below zero: stands for no swipe.
    received_ns
        Receipt times; 0: not received.

    Returns
    -------
    positions, received_ns
        Sorted by position, each once.
    """
    seen = (positions >= 0) & (received_ns > 0)
    positions, received_ns = positions[seen], received_ns[seen]
    order = np.lexsort((received_ns, positions))
    unique, first = np.unique(positions[order], return_index=True)
    return unique, received_ns[order][first]


def look_up(wanted: Int64s, keys: Int64s, values: Int64s, absent: int) -> Int64s:
    """``values`` at the ``keys`` (sorted, unique) that equal ``wanted``; else ``absent``."""
    if not len(keys):
        return np.full(len(wanted), absent, dtype=np.int64)
    rows = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[rows] == wanted, values[rows], absent)
