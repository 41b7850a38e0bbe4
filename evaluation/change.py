"""What is said of a change: is the job better or worse for it, and where?"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from evaluation.verdict import Verdict

AB_FILE: Final = "ab.json"

Finding = Literal["better", "worse", "no difference", "inconclusive"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One figure on both sides; None where it was not measured.

    ``difference`` is after minus before with its interval; ``p_value`` of the hypothesis that
    nothing changed.
    """

    name: str
    unit: str
    before: float | None = None
    after: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    finding: Finding
    note: str = ""


class AbResult(msgspec.Struct, frozen=True, kw_only=True):
    """A change, judged. ``changes`` decide; ``by_scenario`` tells where."""

    before: str
    after: str
    same_rules: bool
    false_alarm_rate: float
    changes: list[Change]
    by_scenario: list[Change]
    gained: int
    lost: int
    new_false: int
    gone_false: int

    @property
    def verdict(self) -> Verdict:
        """Worse is a fail; what could not be measured is inconclusive."""
        worse, unknown, better = (
            [change.name for change in self.changes if change.finding == finding]
            for finding in ("worse", "inconclusive", "better")
        )
        if worse:
            return Verdict("fail", f"worse: {', '.join(worse)}")
        if unknown:
            return Verdict("inconclusive", f"not measured: {', '.join(unknown)}")
        return Verdict("pass", f"better: {', '.join(better)}" if better else "no difference")

    @property
    def exit_code(self) -> int:
        """1 if something is worse, 3 if something could not be measured, else 0."""
        return self.verdict.exit_code


class AbFile(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of ``ab.json``; it holds more."""

    result: AbResult
    commit: str | None = None
    dirty: bool | None = None
    started_at: str | None = None


def write_ab(folder: Path, result: AbResult, facts: dict[str, Any]) -> None:
    """Write ``ab.json``: the result, and under which circumstances it came about."""
    encoded = msgspec.json.format(msgspec.json.encode({**facts, "result": result}), indent=2)
    (folder / AB_FILE).write_bytes(encoded)


def read_ab(folder: Path) -> AbFile:
    """What was written.

    Raises
    ------
    FileNotFoundError
        If nothing was compared there.
    msgspec.DecodeError
        If the file is damaged or of another layout.
    """
    return msgspec.json.decode((folder / AB_FILE).read_bytes(), type=AbFile)
