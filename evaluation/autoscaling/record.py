"""What is written down of a run whose job is scaled while it runs?

`autoscaling.json` beside the history: written by who had the job scaled, read by the judges.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

#: Beside the history of a run with an autoscaler.
AUTOSCALING_FILE: Final = "autoscaling.json"


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One look at the job. What could not be learned is None.

    Attributes
    ----------
    at_s
        Second of the schedule.
    offered_per_s
        Swipes sent in each second since the sample before.
    lag
        Swipes in the topic that no completed checkpoint covers. It counts a restart, too, and is
        never quite 0 while swipes come: they wait for the next checkpoint.
    pending
        Swipes that wait for the source (Flink's ``pendingRecords``): what the autoscaler sees.
    busy
        Share of its time in which the busiest task was busy (``busyTimeMsPerSecond``).
    parallelism
        The highest of all chains of operators.
    running
        Whether all tasks run.
    """

    at_s: float
    offered_per_s: float | None = None
    lag: int | None = None
    pending: int | None = None
    busy: float | None = None
    parallelism: int | None = None
    running: bool = False


class VertexChange(msgspec.Struct, frozen=True, kw_only=True):
    """A chain of operators that is to have another parallelism, and the figures that say so.

    Attributes
    ----------
    name
        Of the chain.
    before, after
        Parallelism.
    load
        Share of the time in which its busiest task was busy.
    target_per_s, capacity_per_s
        Records that are to be processed, and that its tasks could if they were never idle.
    """

    name: str
    before: int
    after: int
    load: float | None = None
    target_per_s: float | None = None
    capacity_per_s: float | None = None


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Another parallelism.

    Attributes
    ----------
    at_s
        Second of the schedule in which it was decided.
    before, after
        The job's: the highest of all its chains of operators.
    changes
        Chains of operators that change.
    """

    at_s: float
    before: int
    after: int
    changes: tuple[VertexChange, ...]

    @property
    def is_up(self) -> bool:
        """Whether there are to be more tasks."""
        return sum(each.after - each.before for each in self.changes) > 0

    @property
    def telling(self) -> VertexChange:
        """The chain that was busiest."""
        return max(self.changes, key=lambda each: (each.load or 0.0, each.after))

    @property
    def words(self) -> str:
        """What was decided.

        Examples
        --------
        >>> change = VertexChange(name="judge", before=1, after=2, load=0.5)
        >>> Decision(at_s=70.0, before=1, after=2, changes=(change,)).words
        'parallelism 1 to 2'
        >>> Decision(at_s=70.0, before=3, after=3, changes=(change,)).words
        'judge 1 to 2, the job stays at 3'
        """
        if self.before != self.after:
            return f"parallelism {self.before} to {self.after}"
        found = self.telling
        return f"{found.name} {found.before} to {found.after}, the job stays at {self.after}"

    @property
    def reason(self) -> str:
        """Why, in figures of the busiest chain.

        Examples
        --------
        >>> change = VertexChange(name="judge", before=1, after=2, load=0.5, target_per_s=500.0,
        ...                       capacity_per_s=1000.0)
        >>> Decision(at_s=70.0, before=1, after=2, changes=(change,)).reason
        'judge: busy 50%, 500/s to process, 1,000/s at most'
        """
        found, words = self.telling, []
        if found.load is not None:
            words.append(f"busy {found.load:.0%}")
        if found.target_per_s is not None:
            words.append(f"{found.target_per_s:,.0f}/s to process")
        if found.capacity_per_s is not None:
            words.append(f"{found.capacity_per_s:,.0f}/s at most")
        return f"{found.name}: {', '.join(words)}"


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What else the autoscaler told; ``at_s`` as of a decision."""

    at_s: float
    words: str


class Autoscaling(msgspec.Struct, kw_only=True):
    """All of it.

    Attributes
    ----------
    decided_by
        Who decided: program and version.
    settings
        Its own.
    peak_s
        Seconds of the schedule from which and to which the load is higher.
    applied_s
        Seconds at which the cluster took an order.
    """

    decided_by: str
    settings: dict[str, str] = {}
    peak_s: tuple[float, float]
    samples: list[Sample] = []
    decisions: list[Decision] = []
    applied_s: list[float] = []
    notes: list[Note] = []


def write_autoscaling(file: Path, record: Autoscaling) -> None:
    """Write it."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1))


def read_autoscaling(file: Path) -> Autoscaling | None:
    """What was written; None where nothing was.

    Raises
    ------
    msgspec.DecodeError
        If it is damaged.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=Autoscaling)
    except FileNotFoundError:
        return None
