"""How are the benchmarks of a checkout run for the gates?

Each session is a process of its own under pytest-benchmark, with a calibration loop around each
benchmark (`tests/bench/conftest.py`).
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import msgspec

from evaluation.gates.engine_gates import Session, read_session
from workbench.children import Child, ChildFailed
from workbench.console import PhaseBar
from workbench.machine import PROJECT_ROOT

#: As `make bench`, but by processor time: what waits for a core while others have it is no dearer.
_OPTIONS: Final = (
    *("--override-ini", "python_files=bench_*.py"),
    *("--override-ini", "python_functions=bench_*"),
    *("--override-ini", "testpaths="),
    "--benchmark-only",
    "--benchmark-timer=time.process_time",
    "--quiet",
)
_POLL_S: Final = 0.2


def measure_engine(sessions: int, bar: PhaseBar, root: Path = PROJECT_ROOT) -> list[Session]:
    """Run all benchmarks so many times, one process after the other.

    Parameters
    ----------
    bar
        Where progress is told.
    root
        The checkout whose benchmarks are run, on its own code.

    Raises
    ------
    ChildFailed
        If a benchmark does not run, or has no calibration beside it.
    """
    measured = []
    with tempfile.TemporaryDirectory(prefix="paystream-bench-") as scratch:
        for number in range(sessions):
            bar.update(number, sessions, f"session {number + 1} of {sessions}")
            measured.append(_session(root, Path(scratch), bar, number, sessions))
    bar.note = f"{sessions} sessions of {len(measured[0].costs)} subjects"
    return measured


def _session(root: Path, scratch: Path, bar: PhaseBar, number: int, sessions: int) -> Session:
    file = scratch / "session.json"
    child = Child(
        "the benchmarks",
        [
            *(sys.executable, "-m", "pytest", "tests/bench"),
            *_OPTIONS,
            f"--benchmark-json={file}",
        ],
        scratch / "session.log",
        cwd=root,
    )
    try:
        while child.poll() is None:
            bar.update(number, sessions, f"session {number + 1} of {sessions}")
            time.sleep(_POLL_S)
        child.wait()
    finally:
        child.stop()
    try:
        return read_session(file)
    except (msgspec.DecodeError, ValueError) as error:
        raise ChildFailed(f"the benchmarks left nothing usable: {error}") from None
