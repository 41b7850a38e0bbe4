"""Is a job that waits for the watermark before it decides noticed?"""

from __future__ import annotations

from typing import Final

from evaluation.controls.base import Tampering
from evaluation.controls.material import Material
from evaluation.controls.tampering import NANOS_PER_S, every_topic, later, received, require_quiet
from evaluation.history import History

#: Watermarks follow so far behind the newest swipe, in event time.
LATENESS_S: Final = 30


class BufferingJob(Tampering):
    """Every output comes 30 s of event time later: when the watermark has passed its swipe."""

    name = "buffering_job"
    broken = "the job keeps every decision until the watermark passes"
    judge = "latency"
    figure = "uncommitted_p99"
    expected = "fail"

    def tamper(self, material: Material) -> History:
        """Let all outputs come so much later."""
        require_quiet(material)
        history = material.history
        wait_ns = int(LATENESS_S / history.facts.speedup * NANOS_PER_S)
        return every_topic(
            history,
            lambda records: received(records, lambda received_ns: later(received_ns, wait_ns)),
        )
