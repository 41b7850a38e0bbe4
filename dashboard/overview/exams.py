"""Which is the newest exam, what did it say, and which cases were false?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec
import pandas as pd

from dashboard.ab_result import AbUnreadableError, ab_folders, opened_ab
from evaluation.board.board import BOARD_FILE, Board, read_board
from evaluation.change import AbFile

#: Where a board lies in the folder of an exam, and of an `ab` its later side.
_BOARDS: Final = ("board", "after")
#: Shards that rules are fitted on: no evidence of how well they do.
_TUNING: Final = "tuning"


@dataclass(frozen=True)
class SatExam:
    """An exam that was judged.

    Attributes
    ----------
    name
        Of its folder.
    board, folder
        Its figures; where they and the long tables lie.
    commit
        Of the job; None if it is not known.
    """

    name: str
    board: Board
    folder: Path
    commit: str | None

    @property
    def card_days(self) -> float:
        """Tens of thousands of cards, times days."""
        return self.board.extent.cards * self.board.extent.days / 10_000


def newest_exam(exams: Path) -> SatExam | None:
    """The newest on shards that rules were not fitted on; else the newest of all."""
    fitted: SatExam | None = None
    for folder in _folders(exams):
        board = _board(folder)
        if board is None:
            continue
        exam = SatExam(folder.parent.name, board, folder, _commit(folder.parent))
        if board.extent.split != _TUNING:
            return exam
        fitted = fitted or exam
    return fitted


def newest_ab(exams: Path) -> tuple[str, AbFile] | None:
    """Name and content of the newest comparison that can be read; None for none."""
    for folder in ab_folders(exams):
        try:
            return folder.name, opened_ab(folder)
        except AbUnreadableError:
            continue
    return None


def false_cases_by_rule(exam: SatExam) -> pd.DataFrame:
    """False cases a day for each 10,000 cards, by rule that fired in them.

    Returns
    -------
    pandas.DataFrame
        Columns rule, cases_a_day, cases. A case in which two rules fired counts for both.
    """
    columns = ["rule", "cases", "cases_a_day"]
    file = exam.folder / "false_cases.parquet"
    if not file.is_file():
        return pd.DataFrame(columns=columns)
    try:
        with duckdb.connect() as connection:
            rows = connection.execute(
                "SELECT rule, count(*) AS cases FROM (SELECT unnest(rules) AS rule "
                "FROM read_parquet($file)) GROUP BY rule ORDER BY cases DESC, rule",
                {"file": str(file)},
            ).df()
    except duckdb.Error:
        return pd.DataFrame(columns=columns)
    return rows.assign(cases_a_day=rows["cases"] / exam.card_days)


def _folders(exams: Path) -> list[Path]:
    """Folders of boards, newest first; those that are being made are left out."""
    if not exams.is_dir():
        return []
    found = [
        path / name
        for path in exams.iterdir()
        for name in _BOARDS
        if not path.name.endswith(".partial") and (path / name / BOARD_FILE).is_file()
    ]
    return sorted(found, key=lambda path: path.parent.name, reverse=True)


def _board(folder: Path) -> Board | None:
    try:
        return read_board(folder)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError):
        return None


def _commit(folder: Path) -> str | None:
    """From ``exam.json`` or ``ab.json``, whichever is there."""
    for name in ("exam.json", "ab.json"):
        try:
            facts = msgspec.json.decode((folder / name).read_bytes(), type=dict[str, Any])
        except (OSError, UnicodeDecodeError, msgspec.DecodeError):
            continue
        commit = facts.get("commit")
        return str(commit) if commit else None
    return None
