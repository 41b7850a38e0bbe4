"""What is a negative control, and which are there?

Each module of :mod:`evaluation.controls.broken` that defines a subclass of ``Control`` holds one. A
control breaks one thing on purpose and names the judge that must notice, the figure by which it
does, and the verdict that the figure must get. What holds without the break is looked at too: a
figure that had that verdict before proves nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cache
from typing import ClassVar, Literal

import msgspec

import evaluation.controls.broken
from evaluation.controls.material import Material
from evaluation.discovery import classes_in
from evaluation.evaluate import Evaluation, judge_history
from evaluation.history import History
from evaluation.verdict import Value

#: What the figure must say: a verdict, or for a figure without a bound that its value moved.
Expected = Literal["fail", "inconclusive", "reported"]


class CannotTry(Exception):
    """A control that this material does not allow; one sentence says why."""


class Sighting(msgspec.Struct, frozen=True):
    """What a judge said by one figure.

    Parameters
    ----------
    value, unit
        The figure; None where it was not measured.
    verdict
        Of the figure; None for one without a bound.
    reason
        What its judge said; one sentence.
    run_verdict
        Of the whole run; None where there is no run.
    """

    value: int | float | str | None
    unit: str
    verdict: Value | None
    reason: str
    run_verdict: Value | None = None


class Control(ABC):
    """One thing that is broken on purpose.

    Attributes
    ----------
    name
        As its module is called.
    broken
        What is broken, for a person.
    judge, figure
        Who is meant to notice, and by which of its figures.
    expected
        The verdict that the figure must get.
    """

    name: ClassVar[str]
    broken: ClassVar[str]
    judge: ClassVar[str]
    figure: ClassVar[str]
    expected: ClassVar[Expected]

    @abstractmethod
    def unbroken(self, material: Material) -> Sighting:
        """What the figure says before anything is broken."""

    @abstractmethod
    def sighted(self, material: Material) -> Sighting:
        """What it says afterwards.

        Raises
        ------
        CannotTry
            If the material lacks what this control breaks.
        """

    def noticed(self, before: Sighting, after: Sighting) -> bool:
        """Whether the judge noticed: the expected verdict is there, and the run does not pass.

        A control of a figure without a bound says itself what noticing is.
        """
        return after.verdict == self.expected and after.run_verdict != "pass" and before != after


class Tampering(Control):
    """A control that changes a recorded history and has it judged again."""

    def unbroken(self, material: Material) -> Sighting:
        """What the judges said of the history as it was recorded."""
        return self.sighting(material.baseline)

    def sighted(self, material: Material) -> Sighting:
        """What they say of the history that was tampered with."""
        tampered = self.tamper(material)
        return self.sighting(judge_history(tampered, material.thresholds).results)

    @abstractmethod
    def tamper(self, material: Material) -> History:
        """Another history than the material's, which stays as it is.

        Raises
        ------
        CannotTry
            If the history lacks what this control breaks.
        """

    def sighting(self, evaluation: Evaluation) -> Sighting:
        """The control's own figure in an evaluation."""
        result = evaluation.judge(self.judge)
        figure = None if result is None else result.figure(self.figure)
        if result is None or figure is None:
            reason = (
                f"{self.judge} has no figure {self.figure}" if result is None else result.reason
            )
            return Sighting(None, "", None, reason, evaluation.verdict.value)
        return Sighting(
            figure.value, figure.unit, figure.verdict, result.reason, evaluation.verdict.value
        )


@cache
def control_classes() -> dict[str, type[Control]]:
    """All controls that need no cluster, by name, sorted by name.

    Raises
    ------
    ValueError
        If two controls share a name.
    """
    return classes_in(evaluation.controls.broken, Control)
