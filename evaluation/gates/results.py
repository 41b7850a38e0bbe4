"""What do all gates together say, and may it go in?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from evaluation.gates.gate import Gate
from evaluation.gates.profiles import Profile
from evaluation.verdict import Verdict

#: Raised when a reader of ``gates.json`` must change.
GATES_FORMAT: Final = 1
GATES_FILE: Final = "gates.json"


class GatesResult(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in ``gates.json``.

    Parameters
    ----------
    gates_id
        Sorts by time, and tells the profile.
    profile, thresholds
        What it was held against, by name and in full.
    commit, dirty, started_at, machine, versions
        Of what, when and where.
    parts
        What was asked for: ``live``, ``engine``, ``detection``.
    runs, exam
        What was read, by name.
    verdict
        Of all gates by the rules of the profile.
    """

    format: int = GATES_FORMAT
    gates_id: str
    profile: str
    commit: str | None
    dirty: bool | None
    started_at: str
    machine: dict[str, Any]
    versions: dict[str, str]
    verdict: Verdict
    gates: list[Gate]
    thresholds: Profile
    parts: list[str]
    runs: list[str] = []
    exam: str | None = None

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 inconclusive."""
        return self.verdict.exit_code

    def blocks(self, gate: Gate) -> bool:
        """Whether this gate keeps the whole from passing."""
        return gate_blocks(gate, self.thresholds)


def gate_blocks(gate: Gate, profile: Profile) -> bool:
    """Whether a gate keeps the whole from passing: one that failed, or that had to be decided."""
    if gate.verdict != "inconclusive":
        return gate.verdict == "fail"
    return profile.verdict.inconclusive_blocks == "all" or gate.kind == "promise"


def verdict_of(gates: Sequence[Gate], profile: Profile) -> Verdict:
    """The verdict of all gates.

    Fail outweighs inconclusive, which outweighs pass. An inconclusive gate counts where the profile
    says so; the others are named in the reason. Where no gate passed, nothing was shown.
    """
    failed = [gate for gate in gates if gate.verdict == "fail"]
    if failed:
        return Verdict("fail", f"beyond the threshold: {_named(failed)}")
    undecided = [gate for gate in gates if gate.verdict == "inconclusive"]
    blocking = [gate for gate in undecided if gate_blocks(gate, profile)]
    if blocking:
        return Verdict("inconclusive", f"nobody can tell: {_named(blocking)}")
    held = len(gates) - len(undecided)
    if not held:
        return Verdict("inconclusive", "no gate was decided")
    rest = f"; not decided, and only reported: {_named(undecided)}" if undecided else ""
    return Verdict("pass", f"{held} of {len(gates)} gates held{rest}")


def write_result(result: GatesResult, folder: Path) -> None:
    """Write ``gates.json``."""
    encoded = msgspec.json.format(msgspec.json.encode(result), indent=1)
    (folder / GATES_FILE).write_bytes(encoded + b"\n")


def read_result(folder: Path) -> GatesResult:
    """What was written to a folder."""
    return msgspec.json.decode((folder / GATES_FILE).read_bytes(), type=GatesResult)


def _named(gates: Sequence[Gate], most: int = 4) -> str:
    names = ", ".join(gate.name for gate in gates[:most])
    return names + (f" and {len(gates) - most} more" if len(gates) > most else "")
