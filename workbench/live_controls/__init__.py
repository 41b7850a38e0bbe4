"""Which negative controls need real Kafka and Flink?

A control is one file in this folder with one `LiveControl` subclass: it says what to run and what
to do to the run, and names the judge, the figure and the verdict that must come of it.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from functools import cache
from pathlib import Path
from typing import ClassVar, Final

from evaluation.controls.base import Expected
from evaluation.discovery import classes_in
from evaluation.evaluate import Evaluation
from generator.settings import Disturbances, ReplaySettings
from workbench.intervention import Intervention
from workbench.plan import RunPlan

#: What is sent unless a control says otherwise: enough for a p99 and a slope, light for two cores.
REPLAY: Final = ReplaySettings(
    rate_per_min=12_000,
    duration_s=24,
    warm_up_s=4,
    incidents=20,
    disturbances=Disturbances.none(),
)


class LiveControl(ABC):
    """One thing that is broken on purpose in a real run.

    Parameters
    ----------
    scratch
        An empty folder that lasts as long as the run.

    Attributes
    ----------
    name
        As its module is called, with ``live_`` before it.
    broken
        What is broken, for a person.
    judge, figure, expected
        Who must notice, by which figure, with which verdict.
    """

    name: ClassVar[str]
    broken: ClassVar[str]
    judge: ClassVar[str]
    figure: ClassVar[str]
    expected: ClassVar[Expected]

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch

    @abstractmethod
    def plan(self) -> RunPlan:
        """What to run."""

    def intervention(self) -> Intervention:
        """What to do to the run; nothing by default."""
        return Intervention()

    def noticed(self, unbroken: Evaluation, found: Evaluation) -> bool:
        """Whether the judge noticed: the expected verdict is there, and the run does not pass."""
        after = found.figure(self.judge, self.figure)
        return (
            after is not None
            and after.verdict == self.expected
            and found.verdict.value != "pass"
            and unbroken.figure(self.judge, self.figure) != after
        )


@cache
def live_control_classes() -> dict[str, type[LiveControl]]:
    """All of them by name, sorted by name.

    Raises
    ------
    ValueError
        If two share a name.
    """
    return classes_in(sys.modules[__name__], LiveControl)
