"""What did the newest `gates` say?"""

from __future__ import annotations

from pathlib import Path

import msgspec

from evaluation.gates.results import GATES_FILE, GatesResult, read_result


def newest_gates(gates: Path) -> tuple[str, GatesResult] | None:
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
            report = read_result(path)
        except (OSError, UnicodeDecodeError, msgspec.DecodeError):
            continue
        return path.name, report
    return None
