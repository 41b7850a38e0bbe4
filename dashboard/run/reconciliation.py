"""Where did every swipe that was sent end up, and does the sum come out?"""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from dashboard.figure_text import figure_text, written
from dashboard.run.kept import KeptRun
from dashboard.verdict_marks import cell
from evaluation.verdict import JudgeResult

_FATES: Final = {
    "fate_judged": "judged",
    "fate_repeat": "repeats, recognised",
    "fate_late-swipes": "late swipes",
    "fate_dead-letters": "dead letters",
}
_CHECKS: Final = {
    "missing": "missing",
    "repeated": "repeated",
    "different": "different",
    "unexpected": "unexpected",
}
#: What else is counted, and what it means.
_OTHERS: Final = {
    "fates_broken": "swipes without exactly one output",
    "out_of_order": "decisions of a card out of the order of its swipes",
    "ledger_wrong": "cards whose counts in the job's state are not the replay's",
    "damaged": "output records that cannot be read",
    "strays": "outputs of no swipe that was sent",
    "rule_errors": "decisions on which a rule raised",
    "send_errors": "records that could not be sent",
    "phantoms": "read uncommitted, never committed",
    "uncommitted_missing": "never read uncommitted",
    "window_drops": "came after their window had closed",
    "windows_missing": "event-time windows that were never written",
    "windows_repeated": "event-time windows written twice",
    "windows_unexpected": "event-time windows of nothing",
    "windows_different": "event-time windows that hold something else",
}


def balance(run: KeptRun) -> pd.DataFrame:
    """From what was sent to the fates: columns step, records, remark."""
    result = run.evaluation.judge("delivery")
    if result is None:
        return pd.DataFrame(columns=["step", "records", "remark"])
    fates = [
        int(figure.value)
        for name in _FATES
        if (figure := result.figure(name)) is not None and isinstance(figure.value, int)
    ]
    rows = [
        _row(result, "sent", "sent", ""),
        _row(result, "expected_outputs", "outputs owed", "by the engine, on the topic as sent"),
        *(_row(result, name, f"→ {words}", "") for name, words in _FATES.items()),
    ]
    owed = result.figure("expected_outputs")
    if fates and owed is not None and isinstance(owed.value, int):
        gap = sum(fates) - owed.value
        remark = "the sum of the fates is what is owed" if not gap else f"{gap:+,} beside it"
        rows.append({"step": "sum of the fates", "records": written(sum(fates)), "remark": remark})
    return pd.DataFrame(rows)


def checks(run: KeptRun) -> pd.DataFrame:
    """What was lost, repeated or changed: columns check, outputs, alerts, verdict."""
    result = run.evaluation.judge("delivery")
    if result is None:
        return pd.DataFrame(columns=["check", "outputs", "alerts", "verdict"])
    rows: list[dict[str, Any]] = [
        {
            "check": words,
            "outputs": figure_text(result.figure(name)),
            "alerts": figure_text(result.figure(f"alerts_{name}")),
            "verdict": _worst(result, name, f"alerts_{name}"),
        }
        for name, words in _CHECKS.items()
    ]
    rows += [
        {
            "check": words,
            "outputs": figure_text(result.figure(name)),
            "alerts": "",
            "verdict": _worst(result, name),
        }
        for name, words in _OTHERS.items()
        if result.figure(name) is not None
    ]
    return pd.DataFrame(rows)


def _worst(result: JudgeResult, *names: str) -> str:
    """In a cell; figures that are only reported have none."""
    found = {figure.verdict for name in names if (figure := result.figure(name)) is not None}
    for value in ("fail", "inconclusive", "pass"):
        if value in found:
            return cell(value)
    return "reported"


def _row(result: JudgeResult, name: str, step: str, remark: str) -> dict[str, str]:
    figure = result.figure(name)
    note = remark or ("" if figure is None else figure.note)
    value = None if figure is None else figure.value
    return {"step": step, "records": written(value), "remark": note}
