"""What can be said of another job's outputs when nobody knows what it should decide?"""

from __future__ import annotations

from typing import Final

from evaluation.fates import Fault
from evaluation.history import History
from evaluation.intervals import zero_note
from evaluation.judges.base import Findings
from evaluation.owed import count_answers, owed_answers
from evaluation.thresholds import DeliveryThresholds
from evaluation.verdict import Figure, Value

NOBODY_KNOWS: Final = "another job: nobody knows what it should decide"
_PARITY: Final = ("different", "alerts_missing", "alerts_repeated", "alerts_different")
#: Which swipes another job judges, and so counts, is its own affair.
_UNITS: Final = dict.fromkeys(_PARITY, "records") | {"ledger_wrong": "cards"}


def judge_unaided(findings: Findings, history: History, bounds: DeliveryThresholds) -> list[Fault]:
    """Count what is owed and what came; name what nobody can know.

    Parity is inconclusive by name and does not weigh on the verdict: no longer run and no better
    machine would ever tell.

    Parameters
    ----------
    findings
        Gets the figures.
    history
        Of a run of another job, without an oracle.
    bounds
        The thresholds.
    """
    for name, unit in _UNITS.items():
        figure = Figure(name, None, unit, None, "inconclusive", NOBODY_KNOWS)
        findings.figures.append(figure)
    if not history.writes("decisions") or history.sent is None:
        return []
    owed = owed_answers(history.sent)
    committed = count_answers(history, history.sent, owed, "committed")
    findings.report("owed_answers", committed.owed, "swipes", "swipes that keep the contract")
    counts = (
        ("missing", committed.missing, bounds.missing, "swipes have no answer"),
        ("repeated", committed.repeated, bounds.repeated, "answers were given again"),
        (
            "unexpected",
            committed.unexpected,
            bounds.unexpected,
            "answers stand for no swipe or another",
        ),
    )
    for name, count, limit, what in counts:
        value: Value = "fail" if count > limit else "pass"
        if value == "fail" and name == "missing" and history.facts.job.complete is not True:
            value = "inconclusive"  # it might still have come
        note = zero_note(count, committed.owed)
        findings.bound(Figure(name, count, "records", limit, value, note), f"{count:,} {what}")
    seen = count_answers(history, history.sent, owed, "uncommitted")
    findings.report("uncommitted_missing", seen.missing, "records")
    findings.report("uncommitted_repeated", seen.repeated, "records")
    return committed.faults
