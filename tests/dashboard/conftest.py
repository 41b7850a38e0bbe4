"""Results of every kind, made as the harness makes them, and pages opened on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from streamlit.testing.v1 import AppTest

from evaluation.before_after import compare_boards, paired_ratio
from evaluation.board.board import make_board, write_board
from evaluation.board.sample import read_sample
from evaluation.change import AbResult
from evaluation.evaluate import evaluate
from evaluation.gates.gate import Gate
from evaluation.gates.profiles import load_profile
from evaluation.gates.results import GatesResult, verdict_of, write_result
from generator.bulk import ExamSettings
from tests.evaluation.board.conftest import TIMELINE, write_shard
from tests.evaluation.conftest import START_WALL_MS, Recording
from workbench.ab import _write

APP = Path(__file__).parents[2] / "dashboard" / "app.py"
ALPHA = 0.05


@dataclass(frozen=True)
class Results:
    """Folders as the dashboard is given them."""

    runs: Path
    exams: Path
    gates: Path
    examples: Path


Opener = Callable[..., AppTest]


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Two judged runs, the newer slower and with a fault; one unfinished, one damaged; an exam, an
    ab that gained and lost; a gates report; and an example."""
    root = tmp_path_factory.mktemp("results")
    found = Results(root / "runs", root / "exams", root / "gates", root / "examples")
    write_runs(found.runs)
    write_exam(found.exams / "20260101T000000-exam-aaaa")
    write_ab(found.exams / "20260102T000000-ab-bbbb", root)
    write_gates(found.gates / "20260103T000000-cccc")
    write_run(found.examples, "run", "2026-01-01T10:00:00+00:00", 0)
    write_exam(found.examples / "exam")
    return found


def write_runs(runs: Path) -> None:
    write_run(runs, "run-1", "2026-01-01T10:00:00+00:00", 0)
    write_run(runs, "run-2", "2026-01-02T10:00:00+00:00", 60)
    (runs / "run-3").mkdir()
    (runs / "run-3" / "run.json").write_text('{"started_at": "2026-01-03T10:00:00+00:00"}')
    (runs / "run-4").mkdir()
    (runs / "run-4" / "results.json").write_text('{"run_id": ')


def write_run(runs: Path, name: str, started: str, slower_ms: int) -> Path:
    """A judged run; a slower one with a fault half way."""
    recording = Recording(runs / name, 1200)
    recording.folder.mkdir(parents=True)
    recording.run |= {"run_id": name, "started_at": started, "dirty": slower_ms > 0}
    recording.job["checkpoints"] = [
        {
            "id": number,
            "status": "FAILED" if number == 3 else "COMPLETED",
            "trigger_ms": START_WALL_MS + number * 1000,
            "duration_ms": 40 + number,
            "state_size_bytes": 1_000_000,
        }
        for number in range(1, 12)
    ]
    for row in recording.rows("decisions", "uncommitted"):
        row["received_ns"] += slower_ms * 1_000_000
    folder = recording.write()
    if slower_ms:
        fault = {
            "fault": "taskmanager_kill",
            "invoked_ms": START_WALL_MS + 6_000,
            "noticed_ms": START_WALL_MS + 6_400,
            "running_ms": START_WALL_MS + 9_000,
        }
        (folder / "history" / "faults.json").write_bytes(msgspec.json.encode([fault]))
    evaluate(folder)
    return folder


def write_exam(folder: Path) -> Path:
    """An exam of the timeline."""
    shard = write_shard(folder / "shard", TIMELINE)
    board, tables = make_board(read_sample([shard], "h"))
    write_board(board, tables, folder / "board")
    (folder / "exam.json").write_text('{"commit": "abc"}')
    return folder


def write_ab(folder: Path, root: Path) -> Path:
    """A change that gained one attack, and lost a false case."""
    before = [
        row | {"score": 0.0, "action": 0, "fired": 0}
        if row["swipe_id"] in ("a2", "a4")
        else row | {"score": 0.5, "action": 1, "fired": 2}
        if row["swipe_id"] == "b3"
        else row
        for row in TIMELINE
    ]
    for side, rows in (("before", before), ("after", TIMELINE)):
        sample = read_sample([write_shard(root / "shards" / side / "s0", rows)], "h")
        write_board(*make_board(sample), folder / side)
    found = compare_boards(folder / "before", folder / "after", 2.0, ALPHA)
    cpu = paired_ratio("CPU of the engine", "s", [1.0, 1.1], [1.0, 1.2], ALPHA)
    said = AbResult(
        before="main (abc)",
        after="working tree",
        same_rules=False,
        false_alarm_rate=ALPHA,
        changes=[*found.changes, cpu],
        by_scenario=found.by_scenario,
        gained=len(found.gained),
        lost=len(found.lost),
        new_false=len(found.new_false),
        gone_false=len(found.gone_false),
    )
    _write(folder, ExamSettings(), said, found)
    return folder


def write_gates(folder: Path) -> Path:
    """A report that blocks a release."""
    profile = load_profile("laptop")
    lost = Gate(
        name="missing",
        question="Was a decision or an alert lost?",
        part="live",
        kind="promise",
        unit="records",
        value=2,
        low=2,
        high=2,
        threshold=0,
        verdict="fail",
    )
    folder.mkdir(parents=True)
    result = GatesResult(
        gates_id=folder.name,
        profile="laptop",
        commit="a" * 40,
        dirty=False,
        started_at="2026-01-03T10:00:00+00:00",
        machine={"cores": 2},
        versions={},
        verdict=verdict_of([lost], profile),
        gates=[lost],
        thresholds=profile,
        parts=["live"],
    )
    write_result(result, folder)
    return folder


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Opener:
    """Open a view, by the name of its module, on some results and at some address.

    Without results, every folder is one that is not there.
    """

    def opened(view: str, results: Results | None = None, **parameters: str) -> AppTest:
        nowhere = tmp_path / "nowhere"
        for name in ("runs", "exams", "gates", "examples", "realism"):
            folder = getattr(results, name, nowhere)
            monkeypatch.setenv(f"PAYSTREAM_DASHBOARD_{name.upper()}", str(folder))
        script = f"from dashboard.views.{view} import VIEW\nVIEW.render()\n"
        page = AppTest.from_string(script, default_timeout=60)
        for name, value in parameters.items():
            page.query_params[name] = value
        return page.run()

    return opened


def text_of(page: AppTest) -> str:
    """All that stands on a page, but charts."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "code")
    kinds += ("error", "warning", "info", "success")
    parts = [str(element.value) for kind in kinds for element in page.get(kind)]
    parts += [f"{metric.label} {metric.value}" for metric in page.metric]
    parts += [frame.value.to_string() for frame in page.dataframe]
    return "\n".join(parts)
