"""Is a real job that waits for the watermark before it decides noticed?"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from workbench.changed_job import changed_job
from workbench.live_controls import REPLAY, LiveControl
from workbench.plan import JobPlan, RunPlan

_TABLES: Final = Path("job") / "flink" / "tables.py"
#: Flink sorts a stream by event time only as far as the watermark has come: that is the wait.
_BEFORE: Final = "record_time FROM incoming\n"
_AFTER: Final = "record_time FROM incoming ORDER BY record_time\n"


class LiveBufferingJob(LiveControl):
    """The job's source sorts by event time, as a job would that cannot bear disorder."""

    name = "live_buffering_job"
    broken = "the job keeps every swipe until the watermark passes"
    judge = "throughput"
    figure = "achieved_rate"
    expected = "fail"

    def plan(self) -> RunPlan:
        """A run of a changed copy of the job."""
        root = changed_job(self.scratch, _TABLES, _BEFORE, _AFTER)
        # Flink keeps what it sorts as one list for each event time. All card profiles have the same
        # one, and RocksDB would write that list anew with every card.
        job = JobPlan(code_root=root, state_backend="hashmap")
        return RunPlan(replay=REPLAY, job=job)
