"""Can the job be released: yes, no, or was that not measured?

The answer is the worst of its grounds; a ground that is not there was not measured. Only what was
measured and held gives a yes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dashboard.overview.exams import SatExam
from evaluation.change import AbFile
from evaluation.gates.results import GatesResult
from evaluation.store import RunRow
from evaluation.verdict import Value, Verdict, worst

ANSWERS: Final[dict[Value, str]] = {
    "pass": "Release: yes",
    "fail": "Release: no",
    "inconclusive": "Release: not measured",
}


@dataclass(frozen=True)
class Ground:
    """One thing that the answer rests on.

    Attributes
    ----------
    question
        That it answers.
    verdict
        Its answer.
    source
        The folder it comes from; empty where there is none.
    commit
        That was measured; None if it is not known.
    link
        Page and parameters of the address that show it; None for none.
    command
        What measures it.
    """

    question: str
    verdict: Verdict
    command: str
    source: str = ""
    commit: str | None = None
    link: tuple[str, dict[str, str]] | None = None

    @property
    def in_short(self) -> str:
        """The question and the first part of the answer."""
        return f"{self.question}: {self.verdict.reason.partition('; ')[0]}"


def grounds(
    live: tuple[RunRow, Verdict] | None,
    exam: SatExam | None,
    ab: tuple[str, AbFile] | None,
    gates: tuple[str, GatesResult] | None,
) -> list[Ground]:
    """What the answer rests on, the most comprehensive first."""
    return [_gates(gates), _live(live), _exam(exam), _ab(ab)]


def answer(found: Sequence[Ground]) -> Verdict:
    """The worst of the grounds, with the reasons of all of that value."""
    return worst(
        (Verdict(ground.verdict.value, ground.in_short) for ground in found),
        otherwise=Verdict("pass", "every ground was measured, and held"),
    )


def _not_there(question: str, what: str, command: str) -> Ground:
    return Ground(question, Verdict("inconclusive", f"{what} ({command})"), command)


def _gates(gates: tuple[str, GatesResult] | None) -> Ground:
    question, command = "gates over repeated runs", "make gates"
    if gates is None:
        return _not_there(question, "no report of them", command)
    name, report = gates
    return Ground(question, report.verdict, command, name, report.commit)


def _live(live: tuple[RunRow, Verdict] | None) -> Ground:
    question, command = "newest live run", "make simulate scenario=geo_jump"
    if live is None:
        return _not_there(question, "there is none", command)
    row, verdict = live
    link = ("run", {"run": row.run_id})
    return Ground(question, verdict, command, row.run_id, row.commit, link)


def _exam(exam: SatExam | None) -> Ground:
    question, command = "newest exam", "make evaluate"
    if exam is None:
        return _not_there(question, "there is none", command)
    return Ground(question, exam.board.verdict, command, exam.name, exam.commit)


def _ab(ab: tuple[str, AbFile] | None) -> Ground:
    question, command = "change since the baseline", "make ab base=main"
    if ab is None:
        return _not_there(question, "not compared", command)
    name, read = ab
    link = ("compare", {"ab": name})
    return Ground(question, read.result.verdict, command, name, read.commit, link)
