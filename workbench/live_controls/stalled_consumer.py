"""Is a real collector that stands still taken for a slow job?"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

from evaluation.evaluate import Evaluation
from workbench.children import Child
from workbench.intervention import Intervention
from workbench.live import LiveJob
from workbench.live_controls import REPLAY, LiveControl
from workbench.plan import RunPlan
from workbench.stand_still import standing_still

STALL_S: Final = 3.0


class LiveStalledConsumer(LiveControl):
    """SIGSTOP to the collector midway, SIGCONT three seconds later.

    Its own round trips through Kafka stand still with it. That they show the stall is what keeps
    the job from being blamed, and it can be seen on a machine that is busy, too.
    """

    name = "live_stalled_consumer"
    broken = f"the collector stands still for {STALL_S:g} s"
    judge = "latency"
    figure = "floor_p99"
    expected = "reported"

    def plan(self) -> RunPlan:
        """An ordinary run."""
        return RunPlan(replay=REPLAY)

    def intervention(self) -> Intervention:
        """Stop the collector."""
        return _StopCollector()

    def noticed(self, unbroken: Evaluation, found: Evaluation) -> bool:
        """Whether the floor shows half of the stall at least, and nobody is blamed or acquitted."""
        floors_ms = [one.figure(self.judge, self.figure) for one in (unbroken, found)]
        before_ms, after_ms = (
            figure.value if figure is not None and isinstance(figure.value, int | float) else None
            for figure in floors_ms
        )
        decisions = found.figure(self.judge, "uncommitted_p99")
        return (
            before_ms is not None
            and after_ms is not None
            and after_ms - before_ms >= STALL_S * 1000 / 2
            and decisions is not None
            and decisions.verdict == "inconclusive"
        )


class _StopCollector(Intervention):
    def while_sending(self, live: LiveJob, collector: Child) -> AbstractContextManager[None]:
        return standing_still(collector.pid, live.folder, STALL_S)
