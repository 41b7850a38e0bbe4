"""What should the job have written?

The swipes topic is read back as it was sent, and the job's own engine runs over it in a process of
its own: what the evaluation needs of it reaches it as a file.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

from workbench.children import Child
from workbench.console import PhaseBar
from workbench.plan import JobPlan

_POLL_S: Final = 0.1


def run_oracle(
    history: Path, replay: Path, job: JobPlan, event_time_limit_ms: int, bar: PhaseBar
) -> None:
    """Write ``expected.parquet`` beside ``sent.parquet``.

    Raises
    ------
    workbench.children.ChildFailed
        If the engine cannot be run.
    """
    arguments = [
        *("--records", str((history / "sent.parquet").resolve())),
        *("--profiles", str((replay / "profiles.parquet").resolve())),
        *("--event-time-limit-ms", str(event_time_limit_ms)),
        *("--lateness-ms", str(job.lateness_ms)),
        *("--out", str((history / "expected.parquet").resolve())),
    ]
    # The local job finds `reports.parquet` beside the records by itself, as one of an older
    # checkout does not.
    observed = history / "observed.parquet"
    if observed.exists():
        arguments += ["--observed", str(observed.resolve())]
    if job.windows is not None:
        arguments += ["--windows", job.windows]
    if job.rules_file is not None:
        arguments += ["--rules", str(job.rules_file.resolve())]
    run_engine(arguments, history / "oracle.log", bar, job.code_root)


def run_engine(
    arguments: list[str], log_file: Path, bar: PhaseBar, root: Path | None = None
) -> None:
    """Run ``python -m job.local`` of a checkout and follow its progress."""
    command = [sys.executable, "-m", "job.local", *arguments]
    child = Child("the local engine", command, log_file, root)
    try:
        while child.poll() is None:
            done, total = _progress(log_file)
            bar.update(done, total, f"{done:,} of {total:,} records" if total else "")
            time.sleep(_POLL_S)
        child.require_alive()
    finally:
        child.stop()


def _progress(log_file: Path) -> tuple[int, int]:
    lines = log_file.read_text(encoding="utf-8", errors="replace").splitlines()
    if not lines:
        return 0, 0
    done, _, total = lines[-1].partition(" ")
    return (int(done), int(total)) if done.isdecimal() and total.isdecimal() else (0, 0)
