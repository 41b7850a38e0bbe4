"""How many observations did the windows of the rules across cards take, and how many had they to?

The job's own counters, as Flink's REST interface tells them, against the engine over the same
records. There no window ever closes, so it observes what the job observed or dropped.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from generator.replay import load_manifest
from job.engine.settings import EngineSettings
from job.local import LocalJob, read_records, run_file
from job.rules.parameters import DEFAULT_FILE, load_rules
from stack.flink_rest import FlinkRest
from workbench.commit_progress import CommitProgress
from workbench.intervention import Intervention
from workbench.live import LiveJob

#: Flink fetches its tasks' counters once a second: so long must they have stood still.
_STILL_S: Final = 3.0
_POLL_S: Final = 0.2
_DEADLINE_S: Final = 90.0


class Counted(NamedTuple):
    """Observations that were counted, and that came after their window had closed."""

    observed: int
    dropped: int


def counted(rest: FlinkRest, job_id: str) -> Counted:
    """What the job has counted once it counts no more; call it when all records are dealt with."""
    deadline_s = time.monotonic() + _DEADLINE_S
    seen, since_s = _counters(rest, job_id), time.monotonic()
    while time.monotonic() < since_s + _STILL_S:
        assert time.monotonic() < deadline_s, f"the counters still move: {seen}"
        time.sleep(_POLL_S)
        now = _counters(rest, job_id)
        if now != seen:
            seen, since_s = now, time.monotonic()
    return seen


def _counters(rest: FlinkRest, job_id: str) -> Counted:
    sums = []
    for name in Counted._fields:
        total = 0.0
        for vertex in rest.job(job_id).vertices:
            known = rest.metric_names(job_id, vertex.id)
            names = [each for each in known if each.endswith(f"windows_{name}")]
            total += sum(rest.metrics(job_id, vertex.id, names).values()) if names else 0.0
        sums.append(int(total))
    return Counted(*sums)


class CountWhenDone(Intervention):
    """Reads the counters when the job has dealt with all that was sent.

    Attributes
    ----------
    counted
        What they said.
    """

    def __init__(self) -> None:
        self.counted = Counted(0, 0)

    def when_sent(self, live: LiveJob) -> None:
        """Wait for a checkpoint that covers every record, then read them."""
        bootstrap = live.stack.settings.kafka_address
        progress = CommitProgress(bootstrap, live.group_id, live.topics.swipes, live.partitions)
        _await(lambda: progress.covered() >= progress.total)
        self.counted = counted(live.stack.rest, live.job_id)


def _await(reached: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + _DEADLINE_S
    while not reached():
        assert time.monotonic() < deadline_s, "no checkpoint covers all that was sent"
        time.sleep(_POLL_S)


def observations(run: Path, scratch: Path) -> int:
    """Observations that the engine makes of a run's records as they were sent."""
    facts = msgspec.json.decode((run / "run.json").read_bytes())
    replay = (run / facts["replay"]["path"]).resolve()
    limit_ms = load_manifest(replay).event_time_limit_ms
    job = LocalJob(load_rules(DEFAULT_FILE), EngineSettings(event_time_limit_ms=limit_ms))
    job.expect_reports(read_records(run / "history" / "reports.parquet"))
    records = read_records(run / "history" / "sent.parquet")
    run_file(job, records, 0, replay / "profiles.parquet", scratch / "outputs.parquet")
    return job.windows.counts["observed"]
