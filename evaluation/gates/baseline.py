"""What was measured before, on which machine and at which commit, to be compared with?

One file for each profile, with a part for each way of measuring. Each part says where it comes
from, because they need not be of one day.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from evaluation.gates.gate import Part
from evaluation.toml_file import SettingsFileError
from generator.whole_file import write_whole

#: Raised when a reader of the file must change.
BASELINE_FORMAT: Final = 1
#: What must agree for two costs to be comparable. Memory and load are not among them.
SAME_MACHINE: Final = ("processor", "cores")
SAME_VERSION: Final = "python"


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One part, as it was measured.

    Parameters
    ----------
    measured_at, commit, dirty, machine, versions
        When, of what and where.
    settings
        What must be the same for a comparison, by name.
    source
        What it was read from: runs or an exam, by name.
    subject
        Of what is deterministic, what was judged: where it is the same, so is every figure. Empty
        for what is timed.
    figures
        By name: one value for each repetition; for an exam value, low and high.
    """

    measured_at: str
    commit: str | None
    dirty: bool | None
    machine: dict[str, Any]
    versions: dict[str, str]
    settings: dict[str, Any]
    source: list[str]
    figures: dict[str, list[float]]
    subject: str = ""

    def incomparable(self, before: Measured, *, timed: bool) -> str:
        """Why this cannot be held against an earlier measurement; empty where it can.

        Parameters
        ----------
        timed
            Whether the figures depend on the machine.
        """
        reasons = []
        if timed:
            reasons += [
                f"{name} {before.machine.get(name)}, here {self.machine.get(name)}"
                for name in SAME_MACHINE
                if before.machine.get(name) != self.machine.get(name)
            ]
            there, here = (each.versions.get(SAME_VERSION) for each in (before, self))
            if there != here:
                reasons.append(f"Python {there}, here {here}")
        reasons += [
            f"{name} {_short(before.settings.get(name))}, here {_short(self.settings.get(name))}"
            for name in dict.fromkeys((*before.settings, *self.settings))
            if before.settings.get(name) != self.settings.get(name)
        ]
        return "; ".join(reasons)


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """What a profile compares with; a part is None until it was stored."""

    format: int = BASELINE_FORMAT
    profile: str
    live: Measured | None = None
    engine: Measured | None = None
    detection: Measured | None = None

    def part(self, name: Part) -> Measured | None:
        """What was stored of a part."""
        found: Measured | None = getattr(self, name)
        return found

    def with_parts(self, parts: dict[Part, Measured]) -> Baseline:
        """The same with some parts replaced."""
        return msgspec.structs.replace(self, **parts)


def baseline_file(folder: Path, profile: str) -> Path:
    """Where the baseline of a profile lies."""
    return folder / f"{profile}.json"


def read_baseline(folder: Path, profile: str) -> Baseline:
    """The baseline of a profile; one without any part where none was stored.

    Raises
    ------
    SettingsFileError
        If the file is damaged or of another layout.
    """
    file = baseline_file(folder, profile)
    try:
        baseline = msgspec.json.decode(file.read_bytes(), type=Baseline)
    except FileNotFoundError:
        return Baseline(profile=profile)
    except msgspec.DecodeError as error:
        raise SettingsFileError(f"{file}: no baseline: {error}; store it anew") from None
    if baseline.format != BASELINE_FORMAT:
        raise SettingsFileError(
            f"{file}: format {baseline.format}, not {BASELINE_FORMAT}; store it anew"
        )
    return baseline


def write_baseline(folder: Path, baseline: Baseline) -> Path:
    """Replace the baseline of a profile at once; gives its file."""
    file = baseline_file(folder, baseline.profile)
    write_whole(file, msgspec.json.format(msgspec.json.encode(baseline), indent=1) + b"\n")
    return file


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
