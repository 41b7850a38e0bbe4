"""What do the files of a run under way say so far?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from evaluation.collect import STATUS_FILE
from evaluation.collect_status import CollectStatus
from evaluation.glance import GLANCE_FILE, Glance, read_glance
from generator.send import PROGRESS_FILE, SendProgress

#: A file of the run that has not been replaced for so long: nobody writes it any more. A choice.
_SILENT_AFTER_S: Final = 10.0
_NANOS_PER_S: Final = 1e9

Record = TypeVar("Record", bound=msgspec.Struct)


@dataclass(frozen=True)
class Watched:
    """A run under way; None for what is not written yet.

    Attributes
    ----------
    folder
        Ends in ``.partial``.
    progress
        Of the sender.
    status
        Of the collector.
    glance
        What the collector saw last.
    silent_s
        Seconds since any of them was replaced.
    """

    folder: Path
    progress: SendProgress | None
    status: CollectStatus | None
    glance: Glance | None
    silent_s: float

    @property
    def is_silent(self) -> bool:
        """Whether nobody sends or collects any more."""
        return self.silent_s > _SILENT_AFTER_S

    @property
    def start_ns(self) -> int | None:
        """Second 0 of the schedule, on the monotonic clock."""
        return None if self.progress is None else self.progress.start_monotonic_ns

    @property
    def elapsed_s(self) -> float | None:
        """Seconds since the schedule began; None before."""
        if self.progress is None or self.start_ns is None:
            return None
        return max(self.progress.time_ns - self.start_ns, 0) / _NANOS_PER_S


def newest_under_way(runs: Path) -> Watched | None:
    """The run that was written to last; None where none is under way."""
    if not runs.is_dir():
        return None
    partial = [path for path in runs.iterdir() if path.name.endswith(".partial") and path.is_dir()]
    return watch(max(partial, key=_written_s)) if partial else None


def watch(folder: Path) -> Watched:
    """Read what a run has written so far."""
    return Watched(
        folder=folder,
        progress=_read(folder / PROGRESS_FILE, SendProgress),
        status=_read(folder / "history" / STATUS_FILE, CollectStatus),
        glance=read_glance(folder / "history"),
        silent_s=max(time.time() - _written_s(folder), 0.0),
    )


def _written_s(folder: Path) -> float:
    """When anything of it was last replaced, wall time."""
    history = folder / "history"
    files = (folder, folder / PROGRESS_FILE, history / STATUS_FILE, history / GLANCE_FILE)
    times = []
    for file in files:
        try:
            times.append(file.stat().st_mtime)
        except OSError:
            continue
    return max(times, default=0.0)


def _read(file: Path, record: type[Record]) -> Record | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=record)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
