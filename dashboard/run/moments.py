"""When did checkpoints and faults happen, on the time axis of the schedule?

Flink and the fault give wall times; ``sends.json`` says when the schedule began on that clock.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pandas as pd

from dashboard.run.kept import KeptRun
from evaluation.fault_record import FAULTS_FILE, FaultRecord, read_faults

_MOMENT_COLUMNS: Final = ["second", "what"]
_CHECKPOINT_COLUMNS: Final = ["id", "second", "duration_ms", "status", "size_mb"]


def moments(run: KeptRun) -> pd.DataFrame:
    """The faults and what followed each: columns second, what; empty for none."""
    start_ms = _start_ms(run)
    rows: list[dict[str, Any]] = []
    if start_ms is not None:
        for fault in _faults(run):
            rows += _moments_of(fault, start_ms)
    return pd.DataFrame(rows, columns=_MOMENT_COLUMNS)


def _faults(run: KeptRun) -> list[FaultRecord]:
    try:
        return read_faults(run.folder / "history" / FAULTS_FILE)
    except msgspec.DecodeError:
        return []


def _moments_of(fault: FaultRecord, start_ms: int) -> list[dict[str, Any]]:
    if not fault.invoked_ms:
        return []
    times = {fault.fault: fault.invoked_ms, "noticed": fault.noticed_ms}
    # Seen after the fault was undone: of a job that never failed it says nothing.
    times["running again"] = fault.running_ms if fault.noticed_ms is not None else None
    return [
        {"second": (time_ms - start_ms) / 1000, "what": words}
        for words, time_ms in times.items()
        if time_ms is not None
    ]


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
