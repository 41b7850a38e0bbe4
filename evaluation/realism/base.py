"""What is a check of realism, and which are there?

Each module of :mod:`evaluation.realism.checks` that defines a subclass of ``Check`` is one. A check
measures figures of a sample of traffic and holds them against published ones, or against bounds
that say of themselves that they are a choice.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cache
from typing import ClassVar

import msgspec

import evaluation.realism.checks
from evaluation.discovery import classes_in
from evaluation.realism.sample import Sample
from evaluation.verdict import Value


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure, held against bounds (inclusive, in ``unit``).

    Parameters
    ----------
    name
        Unique within its check.
    value
        None where it could not be measured; the note says why.
    low, high
        None on both sides for a figure that is only reported.
    note
        What a reader must know with it.
    """

    name: str
    value: float | None
    unit: str
    low: float | None = None
    high: float | None = None
    note: str = ""

    @property
    def verdict(self) -> Value | None:
        """Whether it is within the bounds; None without any."""
        if self.low is None and self.high is None:
            return None
        if self.value is None:
            return "inconclusive"
        above = self.low is None or self.value >= self.low
        below = self.high is None or self.value <= self.high
        return "pass" if above and below else "fail"

    @property
    def bounds(self) -> str:
        """The bounds, for a person.

        Examples
        --------
        >>> Measure(name="a", value=0.5, unit="1", high=0.6).bounds
        'at most 0.6'
        """
        if self.low is None and self.high is None:
            return "reported"
        if self.low is None:
            return f"at most {self.high:.4g}"
        if self.high is None:
            return f"at least {self.low:.4g}"
        return f"{self.low:.4g} to {self.high:.4g}"


class Check(ABC):
    """One question to the generated traffic.

    Attributes
    ----------
    name
        As its module is called.
    question
        What is asked.
    source
        Where the figure compared with was published; ``a choice`` where it was not.
    tolerance
        How far off is accepted, and why.
    """

    name: ClassVar[str]
    question: ClassVar[str]
    source: ClassVar[str]
    tolerance: ClassVar[str]

    @abstractmethod
    def measure(self, sample: Sample) -> list[Measure]:
        """The figures of a sample."""


@cache
def check_classes() -> dict[str, type[Check]]:
    """All checks by name, sorted by name.

    Raises
    ------
    ValueError
        If two checks share a name.
    """
    return classes_in(evaluation.realism.checks, Check)
