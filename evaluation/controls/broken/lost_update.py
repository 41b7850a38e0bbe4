"""Is a state noticed that lost one swipe of one card, though every decision is there?"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import msgspec

from evaluation.controls.base import CannotTry, Tampering
from evaluation.controls.material import Material
from evaluation.controls.tampering import judged_rows, with_records
from evaluation.history import History
from job.contracts import Decision


class LostUpdate(Tampering):
    """From the middle of its swipes on, the busiest card counts one less than it should.

    As after a failure, when its state was restored without one update. Nothing else in any decision
    tells of it.
    """

    name = "lost_update"
    broken = "the state of one card loses a swipe"
    judge = "delivery"
    figure = "ledger_wrong"
    expected = "fail"

    def tamper(self, material: Material) -> History:
        """Let the card count on from one less."""
        history = material.history
        counting = [row for row in judged_rows(history).tolist() if _count(history, row) > 1]
        if not counting:
            raise CannotTry("no decision says a card_count above 1")
        decisions = history.outputs["decisions"]
        swipes = Counter(decisions.records[row].card_token for row in counting)
        busiest, _ = swipes.most_common(1)[0]
        own = [row for row in counting if decisions.records[row].card_token == busiest]
        values = list(decisions.values)
        for row in own[len(own) // 2 :]:
            values[row] = _one_less(decisions.records[row])
        return with_records(history, replace(decisions, values=values))


def _count(history: History, row: int) -> int:
    return history.outputs["decisions"].records[row].card_count or 0


def _one_less(decision: Decision) -> bytes:
    count = (decision.card_count or 0) - 1
    return msgspec.json.encode(msgspec.structs.replace(decision, card_count=count))
