"""What do the gates need to know of one run?"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from evaluation.evaluate import Evaluation, read_results
from evaluation.gates.block_bootstrap import Series
from evaluation.gates.profiles import LatencyBounds
from evaluation.history import load_history
from evaluation.judges.latency import counted
from evaluation.verdict import INFINITE, Figure

#: The view of which the promise is made.
VIEW: Final = "uncommitted"


class Repetition(NamedTuple):
    """One run.

    Attributes
    ----------
    counts
        Whether its times count; what it lost or repeated does in any case.
    series
        Its latencies by block; None where they were not recorded, or do not count.
    """

    run_id: str
    counts: bool
    results: Evaluation
    series: Series | None

    def figure(self, judge: str, name: str) -> Figure | None:
        """A figure of a judge; None where there is none."""
        return self.results.figure(judge, name)

    def number(self, judge: str, name: str) -> float:
        """A figure as a number: infinite where it has no end, not a number where there is none."""
        figure = self.figure(judge, name)
        if figure is None or figure.value is None:
            return math.nan
        return math.inf if figure.value == INFINITE else float(figure.value)

    @property
    def cpu_s_per_million(self) -> float:
        """CPU seconds of the TaskManager per million swipes."""
        used = self.results.job.get("cpu_s_per_million_swipes") or {}
        return float(used.get("taskmanager", math.nan))


def read_repetition(folder: Path, bounds: LatencyBounds, *, counts: bool) -> Repetition:
    """Read a run that was judged.

    Raises
    ------
    FileNotFoundError
        If it was not judged.
    """
    series = _series(folder, bounds.block_s) if counts else None
    return Repetition(folder.name, counts, read_results(folder), series)


def disturbances(repetition: Repetition, bounds: LatencyBounds) -> list[str]:
    """Why the times of a run may say more of the machine than of the job."""
    found = []
    steal = repetition.number("latency", "steal_share")
    floor_ms = repetition.number("latency", "floor_p99")
    slip_ms = repetition.number("latency", "slip_p99")
    if not steal <= bounds.steal_share_max:
        found.append(f"{steal:.0%} of the CPU taken away")
    if not floor_ms <= bounds.floor_p99_ms_max:
        found.append(f"a plain round trip took {floor_ms:.0f} ms at p99")
    if not slip_ms <= bounds.slip_p99_ms_max:
        found.append(f"the sender was {slip_ms:.0f} ms behind at p99")
    if repetition.results.job.get("complete") is not True:
        found.append("it did not end completely")
    return [
        each.replace("nan%", "an unknown part").replace("nan ms", "nobody knows") for each in found
    ]


def _series(folder: Path, block_s: float) -> Series | None:
    timed = counted(load_history(folder), VIEW)
    if timed is None or not len(timed.intended_ns):
        return None
    latency_ms = (timed.received_ns - timed.intended_ns) / 1e6
    latency_ms[timed.received_ns <= 0] = np.inf
    since_ns = timed.intended_ns - timed.intended_ns.min()
    return Series(latency_ms, (since_ns / 1e9 / block_s).astype(np.int64))
