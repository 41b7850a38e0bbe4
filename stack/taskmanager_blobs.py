"""What does a TaskManager that starts read of the jobs before, for nothing?

Its working folder outlives it, so that it finds the state of its job again. There it also finds
the jars of every job that it ever ran, 42 MB of PyFlink each, and reads all of them twice to see
whether they are whole, before it registers: after thirty runs that took 20 s. Flink forgets those
of ended jobs after an hour, and only where the process that ran them still lives.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from stack.flink import taskmanager_name
from stack.settings import StackSettings


def forget_blobs(settings: StackSettings, index: int) -> None:
    """Remove what a TaskManager that does not run kept of ended jobs' jars.

    The newest job's are left: it may still run. One that is missing is fetched again.

    Parameters
    ----------
    settings
        Of the stack.
    index
        Of the TaskManager.
    """
    name = taskmanager_name(index)
    kept = settings.flink_folder / "work" / name / f"tm_{name}" / "blobStorage"
    jobs = sorted(kept.glob("job_*"), key=_changed_ns)
    for folder in jobs[:-1]:
        shutil.rmtree(folder, ignore_errors=True)


def _changed_ns(folder: Path) -> int:
    return folder.stat().st_mtime_ns
