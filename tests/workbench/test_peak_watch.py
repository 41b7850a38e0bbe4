"""Is the most that a series takes kept, whatever comes after it?"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluation.large_state.results import LargeState
from stack.footprint import memory_bytes
from workbench import peak_watch
from workbench.peak_watch import watched_peak

EVERY_S = 0.01


def wait(until: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 30
    while not until():
        assert time.monotonic() < deadline_s
        time.sleep(EVERY_S)


def test_what_was_removed_again_still_counts(tmp_path: Path) -> None:
    results = LargeState()
    with watched_peak(tmp_path, results, EVERY_S):
        (tmp_path / "file").write_bytes(b"x" * 1_000_000)
        wait(lambda: results.peak is not None and results.peak.disk_bytes >= 1_000_000)
        (tmp_path / "file").unlink()
    assert results.peak is not None
    assert results.peak.disk_bytes >= 1_000_000
    assert results.peak.memory_bytes > 1_000_000


def test_memory_falls_and_its_peak_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = iter([5, 9])
    monkeypatch.setattr(peak_watch, "memory_bytes", lambda: next(sizes, 2))
    results = LargeState()
    with watched_peak(tmp_path, results, EVERY_S):
        wait(lambda: results.peak is not None and results.peak.memory_bytes == 9)
    assert results.peak is not None
    assert results.peak.memory_bytes == 9


def test_a_series_that_is_broken_off_has_a_peak_and_nobody_watches_on(tmp_path: Path) -> None:
    results = LargeState()
    watched = pytest.raises(KeyboardInterrupt), watched_peak(tmp_path / "absent", results)
    with watched[0], watched[1]:
        raise KeyboardInterrupt
    assert results.peak is not None
    assert results.peak.disk_bytes == 0


def test_memory_is_that_of_the_process_and_of_those_that_it_started() -> None:
    holding = "held = bytearray(80_000_000); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", holding], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        with_child = memory_bytes()
        child.communicate(b"\n")
    assert with_child - memory_bytes() > 60_000_000
