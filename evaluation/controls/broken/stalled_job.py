"""Is a job that stands still noticed, when Kafka does not?"""

from __future__ import annotations

from typing import Final

from evaluation.controls.base import Tampering
from evaluation.controls.material import Material
from evaluation.controls.tampering import middle_of, require_quiet, stood_still
from evaluation.history import History

STALL_S: Final = 3.0


class StalledJob(Tampering):
    """For three seconds nothing comes out, while plain round trips through Kafka are as fast.

    The counterpart of ``stalled_consumer``: here nothing excuses the job.
    """

    name = "stalled_job"
    broken = "the job stands still for 3 s, Kafka does not"
    judge = "latency"
    figure = "uncommitted_p99"
    expected = "fail"

    def tamper(self, material: Material) -> History:
        """Let all outputs of the stall come at its end."""
        require_quiet(material)
        history = material.history
        begin_ns, end_ns = middle_of(history, STALL_S)
        return stood_still(history, begin_ns, end_ns)
