"""Does a real sink without transactions repeat itself when its TaskManager is killed?"""

from __future__ import annotations

from typing import Final

from generator.settings import ReplaySettings
from workbench.live_controls import LiveControl
from workbench.plan import JobPlan, RunPlan

#: Long enough for much to stand between the last checkpoint and the kill.
CHECKPOINT_INTERVAL_MS: Final = 1_000


class LiveAtLeastOnceSink(LiveControl):
    """SIGKILL to the TaskManager midway, and a sink without transactions."""

    name = "live_at_least_once_sink"
    broken = "a sink without transactions, and a TaskManager that is killed"
    judge = "delivery"
    figure = "repeated"
    expected = "fail"

    def plan(self) -> RunPlan:
        """A run with the fault."""
        return RunPlan(
            replay=ReplaySettings(rate_per_min=48_000, duration_s=15, warm_up_s=5),
            job=JobPlan(
                checkpoint_interval_ms=CHECKPOINT_INTERVAL_MS, sink_guarantee="at-least-once"
            ),
            fault="taskmanager_kill",
        )
