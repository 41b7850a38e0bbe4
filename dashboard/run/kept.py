"""What is kept of one run, as far as it can be read?"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from evaluation.evaluate import Evaluation
from evaluation.run_folder import RunRecord
from evaluation.store import judged_run
from evaluation.verdict import Figure


@dataclass(frozen=True)
class KeptRun:
    """One judged run.

    Attributes
    ----------
    folder
        Where it lies.
    record
        What was run.
    evaluation
        What the judges said.
    unreadable
        Files that were asked for and could not be read, with the reason.
    """

    folder: Path
    record: RunRecord
    evaluation: Evaluation
    unreadable: list[str] = field(default_factory=list)

    def figure(self, judge: str, name: str) -> Figure | None:
        """A judge's figure; None if it was not given."""
        return self.evaluation.figure(judge, name)

    def number(self, judge: str, name: str) -> float | None:
        """A figure as a number; None if it has none, or no end."""
        found = self.figure(judge, name)
        value = None if found is None else found.value
        return float(value) if isinstance(value, int | float) and math.isfinite(value) else None

    def limit(self, judge: str, name: str) -> float | None:
        """What a figure was held against."""
        found = self.figure(judge, name)
        return None if found is None or found.threshold is None else float(found.threshold)

    @property
    def warm_up_s(self) -> float:
        """Seconds of the schedule that do not count."""
        return float(self.evaluation.settings.get("warm_up_ms") or 0) / 1000

    def table(self, file: str) -> pd.DataFrame | None:
        """A Parquet file of the folder; None where there is none or it is damaged.

        Parameters
        ----------
        file
            Relative to the run's folder.
        """
        path = self.folder / file
        if not path.is_file():
            return None
        try:
            return pd.DataFrame(pq.read_table(path).to_pandas())
        except (pa.ArrowException, OSError) as error:
            self.unreadable.append(f"{file}: {error}")
            return None

    def json(self, file: str) -> dict[str, Any]:
        """A JSON file of the folder; empty where there is none or it is damaged."""
        path = self.folder / file
        if not path.is_file():
            return {}
        try:
            return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
            self.unreadable.append(f"{file}: {error}")
            return {}


def keep(runs: Path, run_id: str) -> KeptRun:
    """Read one run.

    Raises
    ------
    evaluation.store.UnknownRunError
        If there is no such run, or it was not judged.
    """
    record, evaluation = judged_run(runs, run_id)
    return KeptRun(runs / run_id, record, evaluation)
