"""Is a run that ends before anything was committed taken for one that lost everything, or none?"""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np

from evaluation.controls.base import Tampering
from evaluation.controls.material import Material
from evaluation.controls.tampering import every_topic
from evaluation.history import History


class BeforeFirstCheckpoint(Tampering):
    """All outputs were seen uncommitted, none was committed, and the run is not complete.

    Nothing is proven: what is missing might still have come. It must not pass either.
    """

    name = "before_first_checkpoint"
    broken = "the run ends before its first checkpoint"
    judge = "delivery"
    figure = "missing"
    expected = "inconclusive"

    def tamper(self, material: Material) -> History:
        """Let no reader of committed records have seen anything."""
        history = material.history
        job = msgspec.structs.replace(
            history.facts.job, complete=False, checkpoints=[], checkpoint_counts={"completed": 0}
        )
        facts = msgspec.structs.replace(history.facts, job=job)
        uncommitted = every_topic(
            history,
            lambda records: replace(records, committed_ns=np.zeros_like(records.committed_ns)),
        )
        return replace(uncommitted, facts=facts)
