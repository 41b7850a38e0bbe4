"""Are two decisions in a hundred that come a second late noticed?"""

from __future__ import annotations

from typing import Final

import numpy as np

from evaluation.controls.base import Tampering
from evaluation.controls.material import Material
from evaluation.controls.tampering import (
    NANOS_PER_S,
    SEED,
    held_back,
    judged_rows,
    require_quiet,
    with_records,
)
from evaluation.history import History

#: More than the one in a hundred that a p99 forgives.
SHARE: Final = 0.02
LATE_NS: Final = NANOS_PER_S


class LateDecisions(Tampering):
    """2% of the decisions, drawn at random, are received a second later in both views."""

    name = "late_decisions"
    broken = "2% of the decisions are held back by 1 s"
    judge = "latency"
    figure = "uncommitted_p99"
    expected = "fail"

    def tamper(self, material: Material) -> History:
        """Hold them back."""
        require_quiet(material)
        history = material.history
        rows = judged_rows(history)
        decisions = history.outputs["decisions"]
        # One more than the share of those that were decided within the span.
        count = int(SHARE * len(rows)) + 1
        drawn = np.random.default_rng(SEED).choice(rows, size=count, replace=False)
        return with_records(history, held_back(decisions, drawn, LATE_NS))
