"""Is the right exam found, and is a loss against the baseline's seen?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evaluation.board.board import Board, Extent
from evaluation.board.headline import share
from evaluation.board.rows import Line
from evaluation.gates.against import Reference, reference
from evaluation.gates.baseline import Measured
from evaluation.gates.detection_gates import (
    Exam,
    detection_figures,
    detection_gates,
    detection_settings,
    newest_exam,
)
from evaluation.gates.profiles import load_profile
from evaluation.verdict import Verdict

BOUNDS = load_profile("laptop").detection
ATTACKS = 4_000


def sit(
    exams: Path,
    name: str = "20260101T000000-tuning-aaaa",
    *,
    rules: str = "abc",
    caught: int = 2_000,
    called: float = 300.0,
    saved: float = 0.7,
    shards: tuple[str, ...] = ("shard-1",),
) -> Path:
    """Leave an exam as `paystream evaluate` does."""
    folder = exams / name
    (folder / "board").mkdir(parents=True)
    (folder / "exam.json").write_bytes(msgspec.json.encode({"rules_sha256": rules}))
    extent = Extent(
        split="tuning",
        shards=list(shards),
        cards=1,
        days=30.0,
        swipes=1,
        fraud_swipes=1,
        attacks=ATTACKS,
        look_alikes=1,
        not_judged=0,
    )
    holders = Line(
        system="job",
        name="holders_wrongly_called",
        value=called / 324,
        unit="1/10,000 cards/day",
        of="days",
        numerator=called,
        denominator=324.0,
    )
    board = Board(
        verdict=Verdict("pass", "measured"),
        extent=extent,
        headline=[
            share("job", "incident_recall", caught, ATTACKS, "attacks"),
            share("job", "alert_precision", 1_800, 2_000, "alerts"),
            holders,
        ],
        by_scenario=[],
        by_rule=[],
        matrix=[],
        flags=[],
        notes=[],
    )
    (folder / "board" / "board.json").write_bytes(msgspec.json.encode(board))
    kept = [round(1_000 * saved)] * ATTACKS
    table = {"saved_minor": kept, "lost_minor": [1_000 - each for each in kept]}
    pq.write_table(pa.table(table), folder / "board" / "incidents.parquet")
    return folder


def measured(exam: Exam) -> Measured:
    return Measured(
        measured_at="2026-01-01",
        commit="abc",
        dirty=False,
        machine={},
        versions={},
        settings=detection_settings(exam),
        source=[exam.name],
        figures=detection_figures(exam),
        subject=exam.rules_hash,
    )


def judged(exams: Path, before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    sit(exams, "20260101T000000-tuning-aaaa", rules="old", **before)
    sit(exams, "20260102T000000-tuning-bbbb", **{"rules": "new", **now})
    old, new = newest_exam(exams, "old"), newest_exam(exams, now.get("rules", "new"))
    assert old is not None
    assert new is not None
    found = reference(measured(new), measured(old), "store it", timed=False)
    return {gate.name: gate for gate in detection_gates(new, found, BOUNDS, "")}


def test_the_newest_exam_of_these_rules_counts(tmp_path: Path) -> None:
    sit(tmp_path, "20260101T000000-tuning-aaaa")
    sit(tmp_path, "20260102T000000-tuning-bbbb", shards=("shard-2",))
    sit(tmp_path, "20260103T000000-tuning-cccc", rules="others")
    sit(tmp_path, "20260104T000000-tuning-dddd.partial")
    (sit(tmp_path, "20260105T000000-tuning-eeee") / "board" / "board.json").write_text("{}")
    newest = newest_exam(tmp_path, "abc")
    assert newest is not None
    assert newest.name == "20260102T000000-tuning-bbbb"
    same_swipes = newest_exam(tmp_path, "abc", ["shard-1"])
    assert same_swipes is not None
    assert same_swipes.name == "20260101T000000-tuning-aaaa"
    assert newest_exam(tmp_path, "unknown") is None


def test_no_exam_says_what_to_run() -> None:
    gates = detection_gates(None, Reference(None, ""), BOUNDS, "run `make evaluate`")
    assert len(gates) == 4
    assert {(gate.verdict, gate.note) for gate in gates} == {
        ("inconclusive", "run `make evaluate`")
    }


def test_no_baseline_leaves_figures_with_their_intervals(tmp_path: Path) -> None:
    sit(tmp_path)
    gates = detection_gates(
        newest_exam(tmp_path, "abc"), Reference(None, "no baseline"), BOUNDS, ""
    )
    assert {gate.verdict for gate in gates} == {"inconclusive"}
    assert all(gate.low <= gate.value <= gate.high for gate in gates)


@pytest.mark.parametrize(
    ("now", "name", "verdict"),
    [
        ({"caught": 1_600}, "incident_recall", "fail"),
        ({"caught": 1_880}, "incident_recall", "inconclusive"),
        ({"caught": 3_000}, "incident_recall", "pass"),
        ({"called": 600.0}, "holders_wrongly_called", "fail"),
        ({"called": 360.0}, "holders_wrongly_called", "inconclusive"),
        ({"called": 0.0}, "holders_wrongly_called", "pass"),
        ({"saved": 0.3}, "saved_share", "fail"),
        ({"saved": 0.68}, "saved_share", "pass"),
    ],
)
def test_a_figure_that_is_worse_is_judged_by_its_interval(
    now: dict[str, Any], name: str, verdict: str, tmp_path: Path
) -> None:
    gates = judged(tmp_path, {}, now)
    assert gates[name].verdict == verdict, gates[name]
    assert {gate.verdict for other, gate in gates.items() if other != name} == {"pass"}


def test_the_same_rules_on_the_same_swipes_differ_by_nothing(tmp_path: Path) -> None:
    gates = judged(tmp_path, {}, {"rules": "old"})
    for gate in gates.values():
        assert gate.verdict == "pass"
        assert gate.low == gate.high == gate.value


def test_an_exam_on_other_swipes_compares_with_nothing(tmp_path: Path) -> None:
    gates = judged(tmp_path, {}, {"shards": ("shard-2",)})
    assert {gate.verdict for gate in gates.values()} == {"inconclusive"}
    assert "swipes of ['shard-1'], here ['shard-2']" in gates["incident_recall"].note
