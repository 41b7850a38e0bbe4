"""Is a reader that stands still taken for a slow job?"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from evaluation.controls.base import Tampering
from evaluation.controls.material import Material
from evaluation.controls.tampering import middle_of, stalled_floor, stood_still
from evaluation.history import History

STALL_S: Final = 3.0


class StalledConsumer(Tampering):
    """For three seconds the collector receives nothing; then all of it at once.

    Both readers and the round trips of the floor are threads of one process, so all stand still. A
    latency that was measured with a broken clock must neither pass nor be blamed on the job.
    """

    name = "stalled_consumer"
    broken = "the collector stands still for 3 s"
    judge = "latency"
    figure = "uncommitted_p99"
    expected = "inconclusive"

    def tamper(self, material: Material) -> History:
        """Let all receipts of the stall happen at its end."""
        history = material.history
        begin_ns, end_ns = middle_of(history, STALL_S)
        floor = stalled_floor(history.floor, begin_ns, end_ns)
        stalled = stood_still(history, begin_ns, end_ns)
        return replace(stalled, floor=floor)
