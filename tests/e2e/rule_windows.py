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


class _Told(NamedTuple):
    """What REST says of the job at one moment; each TaskManager's part may be of another."""

    swipes: int
    observations: int
    counted: Counted

    def accounts_for(self, swipes: int) -> bool:
        return self.swipes >= swipes and 0 < self.observations == sum(self.counted)


def counted(rest: FlinkRest, job_id: str, swipes: int) -> Counted:
    """What the job has counted once it has dealt with all swipes.

    That REST's figures stand still proves nothing: while one TaskManager does not answer, after a
    kill for instance, those of all others are not asked for anew, for as long as ``web.timeout``.
    So Flink's own counts of records must have arrived too, which no test that calls this makes by
    broadcasts of rules.

    Parameters
    ----------
    rest, job_id
        Of a job that has dealt with them.
    swipes
        Records of the topic that the job has read.
    """
    deadline_s = time.monotonic() + _DEADLINE_S
    seen, since_s = _told(rest, job_id), time.monotonic()
    while not seen.accounts_for(swipes) or time.monotonic() < since_s + _STILL_S:
        assert time.monotonic() < deadline_s, f"{swipes} swipes sent, and the counters say: {seen}"
        time.sleep(_POLL_S)
        now = _told(rest, job_id)
        if now != seen:
            seen, since_s = now, time.monotonic()
    return seen.counted


def _told(rest: FlinkRest, job_id: str) -> _Told:
    (source,) = (v.id for v in rest.job(job_id).vertices if ".incoming " in v.name)
    (windows,) = (v.id for v in rest.job(job_id).vertices if "count across cards" in v.name)

    def figure(vertex_id: str, name: str) -> int:
        return int(rest.metrics(job_id, vertex_id, [name]).get(name, 0.0))

    return _Told(
        swipes=figure(source, "numRecordsIn"),
        observations=figure(windows, "numRecordsIn"),
        counted=Counted(
            observed=figure(windows, "count_across_cards.windows_observed"),
            dropped=figure(windows, "count_across_cards.windows_dropped"),
        ),
    )


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
        self.counted = counted(live.stack.rest, live.job_id, progress.total)


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
