"""What did the newest `gates` say?"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from evaluation.verdict import Value, Verdict

GATES_FILE: Final = "gates.json"


class GateRow(msgspec.Struct, frozen=True):
    """One gate: a figure, its interval and what it was held against."""

    name: str
    question: str = ""
    value: float | int | str | None = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    threshold: float | int | str | None = None
    verdict: Value = "inconclusive"
    note: str = ""


class GatesReport(msgspec.Struct, frozen=True):
    """What is read of ``gates.json``; it may hold more."""

    verdict: Verdict
    gates: list[GateRow] = []
    profile: str | None = None
    commit: str | None = None
    started_at: str | None = None


def newest_gates(gates: Path) -> tuple[str, GatesReport] | None:
    """Name and content of the newest report that can be read; None for none."""
    if not gates.is_dir():
        return None
    found = sorted(
        (path for path in gates.iterdir() if (path / GATES_FILE).is_file()),
        key=lambda path: path.name,
        reverse=True,
    )
    for path in found:
        try:
            report = msgspec.json.decode((path / GATES_FILE).read_bytes(), type=GatesReport)
        except (OSError, UnicodeDecodeError, msgspec.DecodeError):
            continue
        return path.name, report
    return None
