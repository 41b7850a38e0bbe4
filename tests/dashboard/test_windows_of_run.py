"""Does a run's page show its event-time windows, and what came too late for them?"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import msgspec
import pytest

from dashboard.run.kept import keep
from dashboard.run.windows import windows_of
from evaluation.evaluate import evaluate
from job.contracts import CONTRACT_VERSION, WindowDrop, WindowResult
from tests.dashboard.conftest import Opener, Results, text_of
from tests.evaluation.conftest import Recording

START_MS = 1_700_000_040_000 // 60_000 * 60_000


def result(kind: str, minute: int, swipes: int) -> bytes:
    start_ms = START_MS + 60_000 * minute
    return msgspec.json.encode(
        WindowResult(
            v=CONTRACT_VERSION,
            window=kind,
            entity_id="400000",
            window_start_ms=start_ms,
            window_end_ms=start_ms + 60_000,
            swipes=swipes,
            declined=1,
            spent_minor={},
            first_event_time_ms=start_ms,
            last_event_time_ms=start_ms,
        )
    )


def drop(kind: str, swipe_id: str, lateness_ms: int) -> bytes:
    return msgspec.json.encode(
        WindowDrop(
            v=CONTRACT_VERSION,
            window=kind,
            entity_id="400000",
            swipe_id=swipe_id,
            event_time_ms=START_MS,
            window_start_ms=START_MS,
            window_end_ms=START_MS + 60_000,
            lateness_ms=lateness_ms,
        )
    )


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A judged run with windows of two kinds, late swipes, and a record that is none."""
    folder = tmp_path / "runs" / "run-w"
    recording = Recording(folder, 1200)
    folder.mkdir(parents=True)
    recording.run |= {"run_id": "run-w", "started_at": "2026-01-01T10:00:00+00:00"}
    for minute, swipes in ((0, 5), (0, 7), (1, 2)):
        recording.emit("windows-bin-minute", result("bin_minute", minute, swipes))
    recording.emit("windows-merchant-minute", result("merchant_minute", 1, 4))
    recording.emit("windows-merchant-minute", b"{")
    recording.emit("windows-bin-minute", result("bin_minute", 9, 1), views=("uncommitted",))
    recording.emit("window-drops", drop("bin_minute", "s1", 1_500))
    recording.emit("window-drops", drop("bin_minute", "s2", 61_000))
    recording.emit("window-drops", drop("card_hour", "s3", 10))
    recording.write()
    evaluate(folder)
    return tmp_path / "runs"


def test_windows_and_late_swipes_are_counted_by_kind(runs: Path) -> None:
    found = windows_of(keep(runs, "run-w"))
    assert found is not None
    rows = {row.window: row for row in found.by_kind.itertuples()}
    bins = rows["bin_minute"]
    assert (bins.written, bins.swipes, bins.declined) == (3, 14, 3)
    assert (bins.dropped, bins.latest_s) == (2, 61.0)
    assert (rows["merchant_minute"].written, rows["merchant_minute"].dropped) == (1, 0)
    assert (rows["card_hour"].written, rows["card_hour"].dropped) == (0, 1)
    assert list(found.drops["swipe"]) == ["s2", "s1", "s3"]
    assert found.unreadable == 1
    minutes = [
        ((row.ends_ms - START_MS) // 60_000, row.window, row.windows, row.swipes)
        for row in found.by_minute.itertuples()
    ]
    assert minutes == [
        (1, "bin_minute", 2, 12),
        (2, "bin_minute", 1, 2),
        (2, "merchant_minute", 1, 4),
    ]


def test_the_page_shows_them(open_page: Opener, results: Results, runs: Path) -> None:
    page = open_page("run", dataclasses.replace(results, runs=runs), run="run-w")
    assert not page.exception
    assert "Event-time windows" in [each.value for each in page.header]
    tables = [set(each.value.columns) for each in page.dataframe]
    assert {"window", "written", "swipes", "declined", "dropped", "latest_s"} in tables
    assert "1 records keep no contract" in text_of(page)


def test_a_run_without_windows_says_so(open_page: Opener, results: Results) -> None:
    page = open_page("run", results, run="run-1")
    assert not page.exception
    assert "This run wrote no event-time windows." in [each.value for each in page.info]


def test_a_damaged_history_is_named(runs: Path) -> None:
    (runs / "run-w" / "history" / "observed.parquet").write_bytes(b"PAR1 and no more")
    run = keep(runs, "run-w")
    assert windows_of(run) is None
    assert "observed.parquet" in run.unreadable[0]
