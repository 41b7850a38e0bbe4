"""What is a judge?

A judge is a pure function of a recorded history and the thresholds. The class docstring is its
page: ``Question`` (its first line), ``Measures``, ``Verdict``, ``References``; a test checks that
they are there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cache
from typing import ClassVar, NamedTuple

import pyarrow as pa

import evaluation.judges
from evaluation.discovery import classes_in
from evaluation.history import History
from evaluation.thresholds import Thresholds
from evaluation.verdict import Figure, JudgeResult, Value, Verdict, number, worst


class Outcome(NamedTuple):
    """What a judge says, and its tables by name."""

    result: JudgeResult
    tables: dict[str, pa.Table]


class Judge(ABC):
    """One question to a history."""

    name: ClassVar[str]

    @abstractmethod
    def judge(self, history: History, thresholds: Thresholds) -> Outcome:
        """Answer it."""


class Findings:
    """Figures and verdicts as a judge comes to them, in order."""

    def __init__(self) -> None:
        self.figures: list[Figure] = []
        self.verdicts: list[Verdict] = []

    def report(self, name: str, value: float | None, unit: str, note: str = "") -> None:
        """A figure without a bound."""
        self.figures.append(Figure(name, number(value), unit, note=note))

    def bound(self, figure: Figure, reason: str) -> None:
        """A figure that was held against its threshold; ``reason`` says what went wrong."""
        self.figures.append(figure)
        if figure.verdict is not None:
            self.state(figure.verdict, reason)

    def state(self, value: Value, reason: str) -> None:
        """A verdict on one part."""
        self.verdicts.append(Verdict(value, reason))

    def unknown(self, reasons: Iterable[str]) -> None:
        """Parts that nobody can judge, each with its reason."""
        for reason in reasons:
            self.state("inconclusive", reason)

    def result(self, judge: str, all_held: str) -> JudgeResult:
        """The worst of it; ``all_held`` is the reason of a pass."""
        nothing = Verdict("inconclusive", "nothing could be measured")
        verdict = worst(self.verdicts, otherwise=nothing)
        reason = all_held if verdict.value == "pass" else verdict.reason
        return JudgeResult(judge, verdict.value, reason, self.figures)


@cache
def judge_classes() -> dict[str, type[Judge]]:
    """All judges by name, sorted by name.

    Raises
    ------
    ValueError
        If two judges share a name.
    """
    return classes_in(evaluation.judges, Judge)
