"""Which negative controls need real Kafka and Flink?

A control is one file in this folder with one `LiveControl` subclass: it says what to run and what
to do to the run, and names the judge, the figure and the verdict that must come of it.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from abc import ABC, abstractmethod
from functools import cache
from pathlib import Path
from typing import ClassVar, Final

from evaluation.controls.base import Expected
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


@cache
def live_control_classes() -> dict[str, type[LiveControl]]:
    """All of them by name, sorted by name.

    Raises
    ------
    ValueError
        If two share a name.
    """
    found: dict[str, type[LiveControl]] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for _, candidate in inspect.getmembers(module, inspect.isclass):
            here = candidate.__module__ == module.__name__
            if not here or not issubclass(candidate, LiveControl) or inspect.isabstract(candidate):
                continue
            if candidate.name in found:
                raise ValueError(f"two live controls are called {candidate.name!r}")
            found[candidate.name] = candidate
    return dict(sorted(found.items()))
