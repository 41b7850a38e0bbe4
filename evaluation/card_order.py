"""Do the decisions of a card stand in the order of its swipes?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evaluation.fates import EXAMPLES, Fault
from evaluation.history import NOWHERE, History, unpack


class CardOrder(NamedTuple):
    """Decisions that a reader meets before one of an earlier swipe of the same card."""

    cards: int
    violations: int
    faults: list[Fault]


def order_of_decisions(history: History) -> CardOrder:
    """Judge the committed decisions of each card on each output partition.

    Of a repeated decision only the first counts: repeats are counted elsewhere. A card whose
    decisions stand on several partitions has no order a reader could rely on; each move to
    another partition is a violation.
    """
    decisions = history.outputs["decisions"]
    positions = history.source_positions("decisions")
    tokens = np.array([record.card_token if record else "" for record in decisions.records])
    rows = np.flatnonzero(decisions.committed & (positions != NOWHERE) & (tokens != ""))
    # Rows stand by output partition and offset, so the first of a position is its first output.
    _, first = np.unique(positions[rows], return_index=True)
    rows = rows[np.sort(first)]
    if not len(rows):
        return CardOrder(0, 0, [])
    names, cards = np.unique(tokens[rows], return_inverse=True)
    order = np.argsort(cards, kind="stable")
    rows, cards = rows[order], cards[order]
    same_card = cards[1:] == cards[:-1]
    earlier = positions[rows][1:] < positions[rows][:-1]
    moved = decisions.partition[rows][1:] != decisions.partition[rows][:-1]
    broken = np.flatnonzero(same_card & (earlier | moved)) + 1
    faults = [
        Fault(
            "out_of_order",
            "decisions",
            *unpack(int(positions[rows[index]])),
            int(decisions.partition[rows[index]]),
            int(decisions.offset[rows[index]]),
            str(names[cards[index]]),
            f"after the decision on offset {unpack(int(positions[rows[index - 1]]))[1]}",
        )
        for index in broken[:EXAMPLES].tolist()
    ]
    return CardOrder(len(names), len(broken), faults)
