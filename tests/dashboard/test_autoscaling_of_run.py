"""Does a run's page show how its job was scaled, and only where it was?"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from dashboard.run.autoscaling import autoscaling_of, decisions_table, samples_table
from dashboard.run.kept import keep
from evaluation.autoscaling.record import (
    AUTOSCALING_FILE,
    Autoscaling,
    Decision,
    Sample,
    VertexChange,
    write_autoscaling,
)
from evaluation.evaluate import evaluate
from tests.dashboard.conftest import Opener, Results, text_of
from tests.evaluation.conftest import Recording


def record() -> Autoscaling:
    samples = [
        Sample(
            at_s=float(second),
            offered_per_s=500.0,
            lag=90,
            busy=0.5,
            parallelism=2 if 6 <= second < 9 else 1,
            running=second != 5,
        )
        for second in range(1, 12)
    ]
    up = VertexChange(name="judge by card", before=1, after=2, load=0.5, target_per_s=500.0)
    down = VertexChange(name="judge by card", before=2, after=1, load=0.1, target_per_s=500.0)
    return Autoscaling(
        decided_by="flink-autoscaler 1.10.0, the operator's own",
        peak_s=(4.0, 8.0),
        samples=samples,
        decisions=[
            Decision(at_s=4.5, before=1, after=2, changes=(up,)),
            Decision(at_s=8.5, before=2, after=1, changes=(down,)),
        ],
        applied_s=[4.6, 8.6],
    )


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """One judged run that was scaled."""
    recording = Recording(tmp_path / "runs" / "run-s", 1200)
    recording.folder.mkdir(parents=True)
    recording.run |= {"run_id": "run-s", "started_at": "2026-01-01T10:00:00+00:00"}
    folder = recording.write()
    write_autoscaling(folder / "history" / AUTOSCALING_FILE, record())
    evaluate(folder)
    return tmp_path / "runs"


def test_the_tables_leave_out_what_was_not_known(runs: Path) -> None:
    found = autoscaling_of(keep(runs, "run-s"))
    assert found is not None
    samples = samples_table(found)
    assert samples["parallelism"].dropna().tolist() == [1.0] * 4 + [2.0] * 3 + [1.0] * 3
    assert decisions_table(found)["what"].tolist() == ["parallelism 1 to 2", "parallelism 2 to 1"]


def test_the_page_shows_decisions_and_what_came_of_them(
    open_page: Opener, results: Results, runs: Path
) -> None:
    page = open_page("run", dataclasses.replace(results, runs=runs), run="run-s")
    assert not page.exception
    assert "Autoscaling" in [header.value for header in page.header]
    assert "Decided by flink-autoscaler 1.10.0" in text_of(page)


def test_a_run_that_nobody_scaled_has_no_such_part(open_page: Opener, results: Results) -> None:
    page = open_page("run", results, run="run-1")
    assert "Autoscaling" not in [header.value for header in page.header]


def test_a_damaged_record_is_named_and_the_rest_is_shown(
    open_page: Opener, results: Results, runs: Path
) -> None:
    (runs / "run-s" / "history" / AUTOSCALING_FILE).write_text("{")
    page = open_page("run", dataclasses.replace(results, runs=runs), run="run-s")
    assert not page.exception
    assert AUTOSCALING_FILE in " ".join(warning.value for warning in page.warning)
