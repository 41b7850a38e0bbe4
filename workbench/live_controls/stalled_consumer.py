"""Is a real collector that stands still taken for a slow job?"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

from workbench.children import Child
from workbench.intervention import Intervention
from workbench.live import LiveJob
from workbench.live_controls import REPLAY, LiveControl
from workbench.plan import RunPlan
from workbench.stand_still import standing_still

STALL_S: Final = 3.0


class LiveStalledConsumer(LiveControl):
    """SIGSTOP to the collector midway, SIGCONT three seconds later."""

    name = "live_stalled_consumer"
    broken = f"the collector stands still for {STALL_S:g} s"
    judge = "latency"
    figure = "uncommitted_p99"
    expected = "inconclusive"

    def plan(self) -> RunPlan:
        """An ordinary run."""
        return RunPlan(replay=REPLAY)

    def intervention(self) -> Intervention:
        """Stop the collector."""
        return _StopCollector()


class _StopCollector(Intervention):
    def while_sending(self, live: LiveJob, collector: Child) -> AbstractContextManager[None]:
        return standing_still(collector.pid, live.folder, STALL_S)
