"""How long did a job's state take to come back, by the report that Flink writes of each start?

Flink times the parts of a task's initialisation (FLIP-386) and reports them as a span; ours goes
to the JobManager's log. A task's time in INITIALIZING, which REST tells, also holds what has
nothing to do with state: a new TaskManager's Python imports the job there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from stack.flink import jobmanager
from stack.settings import StackSettings

_SPAN: Final = re.compile(
    r"name=JobInitialization, startTsMillis=(?P<began_ms>\d+), endTsMillis=(?P<ended_ms>\d+), "
    r"attributes=\{(?P<attributes>[^}]*)\}"
)
_DOWNLOAD: Final = "maxDownloadStateDurationMs"
_ATTRIBUTE: Final = re.compile(r"([\w.]+)=([^,]+)")


class Initialization(NamedTuple):
    """One start of a job from a checkpoint or savepoint.

    Attributes
    ----------
    began_ms, ended_ms
        Wall time, by the JobManager's clock.
    download_ms
        Fetching state from where it is kept: the slowest task.
    load_ms
        Opening it in the state backend: the slowest task.
    remote_bytes, local_bytes
        State that came from the store, and from copies on the TaskManager's own disk.
    """

    began_ms: int
    ended_ms: int
    download_ms: int
    load_ms: int
    remote_bytes: int
    local_bytes: int


def last_initialization(
    settings: StackSettings, job_id: str, since_ms: int
) -> Initialization | None:
    """The last start of a job that its JobManagers reported.

    Parameters
    ----------
    settings
        Of the stack; its JobManagers' logs are read.
    job_id
        The job.
    since_ms
        Wall time before which no start counts.

    Returns
    -------
    Initialization or None
        None where no report was written since.
    """
    logs = [jobmanager(settings, index).log_file for index in range(len(settings.flink_rest_urls))]
    found = [
        each
        for log in logs
        if log.exists()
        for each in initializations(_lines(log), job_id)
        if each.began_ms >= since_ms
    ]
    return max(found, key=lambda each: each.ended_ms, default=None)


def _lines(log: Path) -> Iterable[str]:
    with log.open(encoding="utf-8", errors="replace") as lines:
        yield from lines


def initializations(lines: Iterable[str], job_id: str) -> list[Initialization]:
    """All starts of a job in a JobManager's log.

    Examples
    --------
    >>> line = (
    ...     "Reported span: SimpleSpan{scope=org.apache.flink.runtime.checkpoint."
    ...     "CheckpointStatsTracker, name=JobInitialization, startTsMillis=1000, endTsMillis=1900, "
    ...     "attributes={jobId=ab, maxDownloadStateDurationMs=700.0, "
    ...     "maxRestoreStateDurationMs=90.0, "
    ...     "sumRestoredStateSizeBytes.REMOTE=5000.0}, children=[]}"
    ... )
    >>> initializations([line], "ab")[0]._asdict() == {
    ...     "began_ms": 1000, "ended_ms": 1900, "download_ms": 700, "load_ms": 90,
    ...     "remote_bytes": 5000, "local_bytes": 0,
    ... }
    True
    >>> initializations([line], "another")
    []
    """
    found = []
    for line in lines:
        span = _SPAN.search(line)
        if span is None:
            continue
        attributes = dict(_ATTRIBUTE.findall(span["attributes"]))
        if attributes.get("jobId") != job_id or _DOWNLOAD not in attributes:
            continue  # of another job, or a start from nothing
        found.append(
            Initialization(
                began_ms=int(span["began_ms"]),
                ended_ms=int(span["ended_ms"]),
                download_ms=_whole(attributes, _DOWNLOAD),
                load_ms=_whole(attributes, "maxRestoreStateDurationMs"),
                remote_bytes=_whole(attributes, "sumRestoredStateSizeBytes.REMOTE"),
                local_bytes=_whole(attributes, "sumRestoredStateSizeBytes.LOCAL_DISK"),
            )
        )
    return found


def _whole(attributes: dict[str, str], name: str) -> int:
    """A figure of a span; one that no task reported is zero."""
    return round(float(attributes.get(name, "0")))
