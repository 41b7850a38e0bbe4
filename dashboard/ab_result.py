"""What did the comparison of two commits say: the folder of an `ab`?"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from evaluation.before_after import Finding
from evaluation.verdict import Verdict

AB_FILE: Final = "ab.json"


class ChangeRow(msgspec.Struct, frozen=True):
    """One figure on both sides; None where it was not measured.

    Parameters
    ----------
    difference, low, high
        After minus before, with its interval.
    """

    name: str
    unit: str
    finding: Finding
    before: float | None = None
    after: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    note: str = ""


class AbSaid(msgspec.Struct, frozen=True):
    """What is said of the change."""

    before: str
    after: str
    same_rules: bool
    false_alarm_rate: float
    changes: list[ChangeRow]
    by_scenario: list[ChangeRow]
    gained: int
    lost: int
    new_false: int
    gone_false: int

    @property
    def verdict(self) -> Verdict:
        """Worse is a fail; what could not be measured is inconclusive."""
        worse = [change.name for change in self.changes if change.finding == "worse"]
        unknown = [change.name for change in self.changes if change.finding == "inconclusive"]
        better = [change.name for change in self.changes if change.finding == "better"]
        if worse:
            return Verdict("fail", f"worse: {', '.join(worse)}")
        if unknown:
            return Verdict("inconclusive", f"not measured: {', '.join(unknown)}")
        return Verdict("pass", f"better: {', '.join(better)}" if better else "no difference")


class AbFile(msgspec.Struct, frozen=True):
    """What is read of ``ab.json``."""

    result: AbSaid
    commit: str | None = None
    dirty: bool | None = None
    started_at: str | None = None


class AbUnreadableError(ValueError):
    """The folder is there and cannot be read."""


def read_ab(folder: Path) -> AbFile:
    """What stands in a comparison's folder.

    Raises
    ------
    AbUnreadableError
        Naming what is wrong.
    """
    try:
        return msgspec.json.decode((folder / AB_FILE).read_bytes(), type=AbFile)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise AbUnreadableError(f"{folder.name}: {AB_FILE}: {error}") from None


def ab_folders(exams: Path) -> list[Path]:
    """All comparisons, newest first."""
    if not exams.is_dir():
        return []
    found = [path for path in exams.iterdir() if (path / AB_FILE).is_file()]
    return sorted(found, key=lambda path: path.name, reverse=True)


def ab_table(folder: Path, name: str) -> pd.DataFrame | None:
    """``gained``, ``lost``, ``new_false`` or ``gone_false``; None where it cannot be read."""
    try:
        return pd.DataFrame(pq.read_table(folder / f"{name}.parquet").to_pandas())
    except (OSError, pa.ArrowException):
        return None
