"""What did the comparison of two commits say: the folder of an `ab`?"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from evaluation.change import AB_FILE, AbFile, read_ab


class AbUnreadableError(ValueError):
    """The folder is there and cannot be read."""


def opened_ab(folder: Path) -> AbFile:
    """What stands in a comparison's folder.

    Raises
    ------
    AbUnreadableError
        Naming what is wrong.
    """
    try:
        return read_ab(folder)
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
