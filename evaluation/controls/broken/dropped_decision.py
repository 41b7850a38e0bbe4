"""Is one decision that is lost noticed?"""

from __future__ import annotations

import numpy as np

from evaluation.controls.base import Tampering
from evaluation.controls.material import Material
from evaluation.controls.tampering import judged_rows, kept, with_records
from evaluation.history import History


class DroppedDecision(Tampering):
    """One committed decision in the middle of the run is taken out of both views."""

    name = "dropped_decision"
    broken = "one decision is lost"
    judge = "delivery"
    figure = "missing"
    expected = "fail"

    def tamper(self, material: Material) -> History:
        """Take it out."""
        history = material.history
        rows = judged_rows(history)
        decisions = history.outputs["decisions"]
        others = np.arange(len(decisions)) != rows[len(rows) // 2]
        return with_records(history, kept(decisions, others))
