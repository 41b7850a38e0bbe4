"""Which figure shows one decision that comes late, when no percentile does?"""

from __future__ import annotations

from typing import Final

from evaluation.controls.base import Sighting, Tampering
from evaluation.controls.material import Material
from evaluation.controls.tampering import NANOS_PER_S, held_back, judged_rows, with_records
from evaluation.history import History

LATE_S: Final = 5
#: Of those, what the longest latency must at least show: an HDR histogram has three digits.
SHOWN_MS: Final = 4_900.0


class OneLateDecision(Tampering):
    """One decision is received five seconds late.

    A p99 allows for it by what it is, so the run still passes. The longest latency, which has no
    bound, is the figure that says so.
    """

    name = "one_late_decision"
    broken = "one decision is held back by 5 s"
    judge = "latency"
    figure = "uncommitted_max"
    expected = "reported"

    def tamper(self, material: Material) -> History:
        """Hold it back."""
        history = material.history
        rows = judged_rows(history)
        decisions = history.outputs["decisions"]
        middle = rows[len(rows) // 2 :][:1]
        return with_records(history, held_back(decisions, middle, LATE_S * NANOS_PER_S))

    def noticed(self, before: Sighting, after: Sighting) -> bool:
        """Whether the longest latency has become longer, and is at least as long as the delay."""
        values = before.value, after.value
        if isinstance(values[0], str | None) or isinstance(values[1], str | None):
            return False
        return values[1] > values[0] and values[1] >= SHOWN_MS
