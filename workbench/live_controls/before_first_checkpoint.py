"""Is a real run that ends before anything was committed taken for a whole one?"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from stack.flink_rest import RestError
from workbench.intervention import Intervention
from workbench.live import LiveJob
from workbench.live_controls import REPLAY, LiveControl
from workbench.plan import JobPlan, RunPlan

#: No checkpoint comes by itself in a run of half a minute.
CHECKPOINT_INTERVAL_MS: Final = 600_000
_EVERY_S: Final = 1.0


class LiveBeforeFirstCheckpoint(LiveControl):
    """No checkpoint after the first swipe; the job is cancelled when the last one is sent."""

    name = "live_before_first_checkpoint"
    broken = "the run ends before a checkpoint covers its first swipe"
    judge = "delivery"
    figure = "missing"
    expected = "inconclusive"

    def plan(self) -> RunPlan:
        """A run whose checkpoints come too late."""
        return RunPlan(replay=REPLAY, job=JobPlan(checkpoint_interval_ms=CHECKPOINT_INTERVAL_MS))

    def intervention(self) -> Intervention:
        """Ask for the checkpoints of the warm start, and end the job early."""
        return _EndEarly()


class _EndEarly(Intervention):
    @contextmanager
    def while_warming(self, live: LiveJob) -> Iterator[None]:
        """A run begins when a checkpoint covers the card profiles: those few are asked for."""
        warm = threading.Event()

        def ask() -> None:
            while not warm.wait(_EVERY_S):
                # Refused while the job is not yet running, or the last is under way.
                with suppress(RestError):
                    live.stack.rest.trigger_checkpoint(live.job_id)

        thread = threading.Thread(target=ask, name="ask-for-checkpoints")
        thread.start()
        try:
            yield
        finally:
            warm.set()
            thread.join()

    def when_sent(self, live: LiveJob) -> None:
        live.stack.rest.cancel(live.job_id)
