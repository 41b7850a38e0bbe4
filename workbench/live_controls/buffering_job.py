"""Is a real job that waits for the watermark before it decides noticed?"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from stack.process import StackError
from workbench.live_controls import REPLAY, LiveControl
from workbench.machine import PROJECT_ROOT
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
        shutil.copytree(
            PROJECT_ROOT / "job",
            self.scratch / "job",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        file = self.scratch / _TABLES
        text = file.read_text(encoding="utf-8")
        if _BEFORE not in text:
            raise StackError(f"{_TABLES} no longer has the query that this control changes")
        file.write_text(text.replace(_BEFORE, _AFTER), encoding="utf-8")
        # Flink keeps what it sorts as one list for each event time. All card profiles have the same
        # one, and RocksDB would write that list anew with every card.
        job = JobPlan(code_root=self.scratch, state_backend="hashmap")
        return RunPlan(replay=REPLAY, job=job)
