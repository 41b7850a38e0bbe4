"""When did checkpoints and faults happen, on the time axis of the schedule?

Flink and the fault give wall times; ``sends.json`` says when the schedule began on that clock.
"""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from dashboard.run.kept import KeptRun

_MOMENT_COLUMNS: Final = ["second", "what"]
_CHECKPOINT_COLUMNS: Final = ["id", "second", "duration_ms", "status", "size_mb"]
_FAULT_WORDS: Final = {"noticed_ms": "noticed", "running_ms": "running again"}


def moments(run: KeptRun) -> pd.DataFrame:
    """The fault and what followed: columns second, what; empty for none."""
    start_ms = _start_ms(run)
    fault = run.json("history/fault.json")
    rows: list[dict[str, Any]] = []
    if start_ms is not None and fault.get("invoked_ms"):
        rows.append({"second": (fault["invoked_ms"] - start_ms) / 1000, "what": fault["fault"]})
        rows += [
            {"second": (fault[name] - start_ms) / 1000, "what": words}
            for name, words in _FAULT_WORDS.items()
            if fault.get(name)
        ]
    return pd.DataFrame(rows, columns=_MOMENT_COLUMNS)


def checkpoints(run: KeptRun) -> pd.DataFrame:
    """Each checkpoint that was seen: id, second, duration_ms, status, size_mb."""
    start_ms = _start_ms(run)
    found = run.json("history/job.json").get("checkpoints") or []
    rows = [
        {
            "id": each.get("id"),
            "second": (each["trigger_ms"] - start_ms) / 1000,
            "duration_ms": each.get("duration_ms"),
            "status": _status(each),
            "size_mb": (each.get("state_size_bytes") or 0) / 1e6,
        }
        for each in found
        if start_ms is not None and each.get("trigger_ms") is not None
    ]
    return pd.DataFrame(rows, columns=_CHECKPOINT_COLUMNS)


def _status(checkpoint: dict[str, Any]) -> str:
    status = str(checkpoint.get("status", "")).lower()
    return status if status in ("completed", "failed") else "other"


def _start_ms(run: KeptRun) -> int | None:
    """Wall time of the schedule's second 0."""
    start_ms = run.json("sends.json").get("start_wall_ms")
    return int(start_ms) if start_ms is not None else None
