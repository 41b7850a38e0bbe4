"""Which exams are there, and which one does the address name?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pandas as pd
import pyarrow.parquet as pq
import streamlit as st

from dashboard.choices import choose, unknown_id
from dashboard.example import current_folders, is_example
from evaluation.board import Board, read_board
from evaluation.board.board import BOARD_FILE


class NoExam(Exception):
    """There is nothing to show; one line says what to run."""


class ExamFacts(msgspec.Struct, frozen=True):
    """What the dashboard reads of ``exam.json``; it may hold more."""

    rules_sha256: str | None = None
    rules_file: str | None = None
    commit: str | None = None
    started_at: str | None = None


@dataclass(frozen=True)
class Exam:
    """One exam that has a board.

    Attributes
    ----------
    exam_id
        The folder's name.
    folder
        With ``board/`` and ``exam.json``.
    is_example
        Whether it came with the project.
    """

    exam_id: str
    folder: Path
    is_example: bool = False

    @property
    def board(self) -> Board:
        """The board.

        Raises
        ------
        NoExam
            If it cannot be read.
        """
        file = self.folder / "board" / BOARD_FILE
        try:
            return _board(file.parent, file.stat().st_mtime_ns)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NoExam(
                f"The board of {self.exam_id} cannot be read ({error}): made by another version? "
                "Make a new one: `make evaluate`"
            ) from None

    def table(self, name: str) -> pd.DataFrame:
        """One of the board's tables.

        Raises
        ------
        NoExam
            If it is not there.
        """
        file = self.folder / "board" / f"{name}.parquet"
        try:
            return _table(file, file.stat().st_mtime_ns)
        except OSError:
            raise NoExam(
                f"{file.name} of {self.exam_id} is missing. Make a new exam: `make evaluate`"
            ) from None

    @property
    def facts(self) -> ExamFacts:
        """What ``exam.json`` says; nothing where it is missing or unreadable."""
        try:
            return msgspec.json.decode((self.folder / "exam.json").read_bytes(), type=ExamFacts)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return ExamFacts()

    def shard_folder(self, shard: str) -> Path | None:
        """Where the swipes of a shard lie; None where they have been removed."""
        beside = self.folder / "shards"
        kept = self.folder.parent.parent / "replays" / "exam"
        for folder in (beside / shard, kept / shard):
            if (folder / "shard.json").exists():
                return folder
        return None

    @property
    def link_parameters(self) -> dict[str, str]:
        """How an address names this exam."""
        return {"exam": self.exam_id} | ({"source": "example"} if self.is_example else {})


def finished_exams() -> list[str]:
    """Ids of all exams that have a board, newest first."""
    exams = current_folders().exams
    if not exams.is_dir():
        return []
    return sorted(
        (
            folder.name
            for folder in exams.iterdir()
            if not folder.name.endswith(".partial") and (folder / "board" / BOARD_FILE).exists()
        ),
        reverse=True,
    )


def named_exam(clears: Sequence[str] = ()) -> Exam:
    """The exam that the address names, the newest where it names none; lets a reader change it.

    Parameters
    ----------
    clears
        Names in the address that belong to the former exam.

    Raises
    ------
    NoExam
        If there is none.
    UnknownId
        If the address names another.
    """
    known = finished_exams()
    if not known:
        raise NoExam("There is no exam yet. Make one, which takes minutes: `make evaluate`")
    wanted = st.query_params.get("exam")
    if wanted is not None and wanted not in known:
        raise unknown_id("exam", wanted, known)
    chosen = choose("exam", "Exam", known, known[0], clears=clears)
    return Exam(chosen, current_folders().exams / chosen, is_example=is_example())


@st.cache_data(show_spinner=False)
def _board(folder: Path, modified_ns: int) -> Board:  # noqa: ARG001 - part of the cache's key
    return read_board(folder)


@st.cache_data(show_spinner=False)
def _table(file: Path, modified_ns: int) -> pd.DataFrame:  # noqa: ARG001 - part of the cache's key
    table: pd.DataFrame = pq.read_table(file).to_pandas()
    return table
