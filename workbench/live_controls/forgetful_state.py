"""Is a real job noticed whose state forgets, though it decides on every swipe once?"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from generator.settings import Disturbances, ReplaySettings
from workbench.changed_job import changed_job
from workbench.live_controls import LiveControl
from workbench.plan import JobPlan, RunPlan

_FUNCTION: Final = Path("job") / "flink" / "card_function.py"
#: What the function has decoded it need not read again: without a failure nobody would notice.
_BEFORE: Final = "        if encoded is not None:\n            self._state.update"
_AFTER: Final = "        if encoded is not None and not is_swipe:\n            self._state.update"
#: Cards that swipe many times within seconds, so that many do so before and after the kill.
_REPLAY: Final = ReplaySettings(
    scenario="velocity_burst",
    difficulty="easy",
    rate_per_min=48_000,
    duration_s=20,
    warm_up_s=4,
    incidents=200,
    disturbances=Disturbances.none(),
)
#: Long enough for much to stand between the last checkpoint and the kill.
CHECKPOINT_INTERVAL_MS: Final = 1_000


class LiveForgetfulState(LiveControl):
    """A copy of the job that writes no swipe into its state, and a TaskManager that is killed.

    Every swipe gets its one decision. But a card that swipes before and after the kill is counted
    from 1 again.
    """

    name = "live_forgetful_state"
    broken = "the job keeps no swipe in its state, and a TaskManager that is killed"
    judge = "delivery"
    figure = "ledger_wrong"
    expected = "fail"

    def plan(self) -> RunPlan:
        """A run of a changed copy of the job, with the fault."""
        root = changed_job(self.scratch, _FUNCTION, _BEFORE, _AFTER)
        return RunPlan(
            replay=_REPLAY,
            job=JobPlan(code_root=root, checkpoint_interval_ms=CHECKPOINT_INTERVAL_MS),
            fault="taskmanager_kill",
        )
