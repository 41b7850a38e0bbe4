"""Which alerts did a run commit?"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from delivery.alerts.documents import Source
from evaluation.store import UnknownRunError


def committed_alerts(run: Path) -> list[Source]:
    """The committed records of ``alerts``, as the collector kept them.

    Parameters
    ----------
    run
        Folder of the run.

    Raises
    ------
    UnknownRunError
        When nothing was read of such a run.
    """
    file = run / "history" / "observed.parquet"
    try:
        seen = pq.read_table(
            file,
            columns=["partition", "offset", "key", "value"],
            filters=(pc.field("topic") == "alerts") & (pc.field("view") == "committed"),
        )
    except (OSError, pa.ArrowInvalid):
        raise UnknownRunError(
            f"{run} holds no history of a run: there is no {file.name} in its history"
        ) from None
    return [
        Source(
            "alerts",
            row["partition"],
            row["offset"],
            (row["key"] or b"").decode("utf-8", errors="replace"),
            row["value"] or b"",
        )
        for row in seen.to_pylist()
    ]
