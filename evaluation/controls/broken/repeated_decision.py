"""Is one decision that is written twice noticed?"""

from __future__ import annotations

from evaluation.controls.base import Tampering
from evaluation.controls.material import Material
from evaluation.controls.tampering import judged_rows, with_records, written_again
from evaluation.history import History

#: How long after the first the second is read. A choice.
LATER_NS = 500_000_000


class RepeatedDecision(Tampering):
    """One committed decision in the middle of the run stands a second time on its topic."""

    name = "repeated_decision"
    broken = "one decision is written twice"
    judge = "delivery"
    figure = "repeated"
    expected = "fail"

    def tamper(self, material: Material) -> History:
        """Write it again."""
        history = material.history
        rows = judged_rows(history)
        middle = rows[len(rows) // 2 :][:1]
        return with_records(history, written_again(history.outputs["decisions"], middle, LATER_NS))
