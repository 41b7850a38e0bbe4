"""An exam and a comparison, small, with the real engine: what a user gets."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from evaluation.board import Board, print_board, read_board
from generator.bulk import ExamSettings
from workbench.ab import run_ab
from workbench.cli_ab import print_ab
from workbench.console import Phases
from workbench.exam import run_exam, versions_that_saw

SMALL = ExamSettings(
    shards=2,
    cards_per_shard=1_000,
    days=2,
    incidents=8,
    scenarios=("geo_jump", "legit_travel", "velocity_burst"),
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shards")


@pytest.fixture
def phases() -> Phases:
    return Phases(Console(file=io.StringIO(), width=100))


def shown(print_it: object, *what: object) -> str:
    text = io.StringIO()
    print_it(*what, Console(file=text, width=100))  # type: ignore[operator]
    return text.getvalue()


def test_an_exam_is_judged_and_kept(tmp_path: Path, cache: Path, phases: Phases) -> None:
    folder = run_exam(SMALL, None, phases, workers=2, exams=tmp_path, cache=cache)
    board = read_board(folder / "board")
    text = shown(print_board, board)
    assert board.extent.attacks == 48  # two attacks at three difficulties
    assert board.exit_code == 3  # 8 incidents are too few for a verdict
    assert "geo_jump" in text
    facts = msgspec.json.decode((folder / "exam.json").read_bytes())
    assert versions_that_saw(tmp_path / "ledger.jsonl", "tuning", 1) == [facts["rules_sha256"]]
    assert [each.name for each in tmp_path.iterdir() if each.name.endswith(".partial")] == []
    assert figure(board, "incident_recall", "perfect") == 1.0
    assert figure(board, "alert_precision", "perfect") == 1.0
    assert figure(board, "incident_recall", "null") == 0.0
    assert figure(board, "incident_recall", "job") > 3 * figure(board, "incident_recall", "random")


def figure(board: Board, name: str, system: str) -> float:
    line = board.line(name, system)
    assert line is not None
    assert line.value is not None
    return line.value


@pytest.mark.slow
def test_a_against_a_differs_in_nothing_but_noise(
    tmp_path: Path, cache: Path, phases: Phases
) -> None:
    """The rules of both sides are the working tree's own; only what is measured can differ.

    That a comparison raises no more alarms than it says is tested quickly in `test_before_after`.
    """
    rules = tmp_path / "rules.toml"
    rules.write_text("[velocity]\nswipes = 6\n")
    folder, result = run_ab(
        "HEAD",
        SMALL,
        phases,
        workers=2,
        rules_before=rules,
        rules_after=rules,
        exams=tmp_path / "exams",
        cache=cache,
    )
    recall, false, _ = result.changes
    assert recall.finding == false.finding == "no difference"
    assert recall.difference == false.difference == 0
    assert result.gained == result.lost == result.new_false == result.gone_false == 0
    assert "0 incidents gained, 0 lost" in shown(print_ab, result)
    assert not (folder / "base").exists()


def test_a_rule_made_deaf_loses_incidents_by_name(
    tmp_path: Path, cache: Path, phases: Phases
) -> None:
    deaf = tmp_path / "deaf.toml"
    deaf.write_text("[impossible_travel]\nspeed_kmh = 90000.0\n")
    folder, result = run_ab(
        "HEAD",
        SMALL,
        phases,
        workers=2,
        rules_after=deaf,
        exams=tmp_path / "exams",
        cache=cache,
    )
    assert result.changes[0].finding == "worse"
    assert result.exit_code == 1
    lost = pq.read_table(folder / "lost.parquet")
    assert len(lost) == result.lost > 5
    assert "geo_jump" in set(lost.column("scenario").to_pylist())
    easy = {each.name: each for each in result.by_scenario}["geo_jump (easy)"]
    assert easy.before == 1.0
    assert easy.after < 0.5
