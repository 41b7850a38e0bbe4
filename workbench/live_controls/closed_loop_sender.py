"""Can a real sender that waits for the job hide a real stall of it?"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import ClassVar, Final

from workbench.children import Child
from workbench.intervention import Intervention
from workbench.live import LiveJob
from workbench.live_controls import REPLAY, LiveControl
from workbench.plan import RunPlan
from workbench.stand_still import standing_still

STALL_S: Final = 3.0


class LiveClosedLoopSender(LiveControl):
    """The TaskManager stands still for three seconds; the sender waits, and re-stamps."""

    name = "live_closed_loop_sender"
    broken = f"the sender waits out a stall of {STALL_S:g} s and re-stamps its schedule"
    judge = "latency"
    figure = "off_schedule"
    expected = "inconclusive"

    def plan(self) -> RunPlan:
        """An ordinary run."""
        return RunPlan(replay=REPLAY)

    def intervention(self) -> Intervention:
        """Send in a closed loop, and let the job stand still."""
        return _ClosedLoop()


class _ClosedLoop(Intervention):
    sender: ClassVar[str] = "workbench.closed_loop_send"

    def while_sending(self, live: LiveJob, _collector: Child) -> AbstractContextManager[None]:
        record = live.stack.taskmanager_record(0)
        return nullcontext() if record is None else standing_still(record.pid, live.folder, STALL_S)
