"""Which committed outputs stand for no swipe that was sent, and what do decisions leave unsaid?"""

from __future__ import annotations

from collections import Counter

import msgspec
import numpy as np

from evaluation.decoding import LooseDecision
from evaluation.history import (
    FATE_TOPICS,
    NOWHERE,
    Expected,
    History,
    is_profile_letter,
    is_rule_letter,
)

#: Without these a decision cannot be held against another.
JUDGED_FIELDS = ("fate", "score", "action")


def strays(history: History) -> dict[str, int]:
    """Committed outputs by topic that name no record of ``swipes``, by place or by swipe id.

    Dead letters of card profiles and fraud reports are none: they are compared by themselves.
    """
    found = {}
    for topic in FATE_TOPICS:
        if not history.writes(topic):
            continue
        records = history.outputs[topic]
        rows = records.committed & (history.source_positions(topic) == NOWHERE)
        named = [records.records[row] for row in np.flatnonzero(rows).tolist()]
        # One that cannot be read is counted as damaged.
        count = sum(
            each is not None and not is_profile_letter(each) and not is_rule_letter(each)
            for each in named
        )
        if count:
            found[topic] = count
    return found


def profile_letters(history: History, expected: Expected) -> tuple[int, int]:
    """Dead letters of profiles and fraud reports: how many are missing, and too many, by card."""
    if not history.writes("dead-letters"):
        return 0, 0
    letters = history.outputs["dead-letters"]
    written = Counter(
        (each.key, each.reason)
        for each, committed in zip(letters.records, letters.committed, strict=True)
        if committed and is_profile_letter(each)
    )
    wanted = Counter(
        (each.key, each.reason)
        for each in expected.records("dead-letters")
        if is_profile_letter(each)
    )
    return (wanted - written).total(), (written - wanted).total()


def unsaid(history: History) -> list[str]:
    """Fields that some committed decision leaves out and a verdict needs."""
    if not history.writes("decisions"):
        return []
    decisions = history.outputs["decisions"]
    missing: set[str] = set()
    for record, value, committed in zip(
        decisions.records, decisions.values, decisions.committed, strict=True
    ):
        if committed and isinstance(record, LooseDecision):
            missing.update(set(JUDGED_FIELDS) - set(msgspec.json.decode(value or b"{}")))
    return [name for name in JUDGED_FIELDS if name in missing]
