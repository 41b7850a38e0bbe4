"""Can it be released, and what do rules, machine and money say?"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard.checkout import head, is_head
from dashboard.example import current_folders, is_example, nothing_yet
from dashboard.figure_text import written
from dashboard.links import link
from dashboard.overview.engineer import engineer
from dashboard.overview.exams import newest_ab, newest_exam
from dashboard.overview.gates_report import newest_gates
from dashboard.overview.release import ANSWERS, Ground, answer, grounds
from dashboard.overview.risk_manager import risk_manager
from dashboard.overview.rules_owner import rules_owner
from dashboard.run.kept import KeptRun, keep
from dashboard.stored_runs import stored_runs
from dashboard.verdict_marks import cell, escaped, verdict_badge, verdict_box
from dashboard.view import View
from evaluation.gates.results import GatesResult
from evaluation.store import RunRow, UnknownRunError


def render() -> None:
    """One glance for three people."""
    st.title("Overview")
    folders = current_folders()
    rows = stored_runs(folders.runs).rows
    run_row = _newest_live(rows)
    run = _kept(folders.runs, run_row)
    exam, ab, gates = (
        newest_exam(folders.exams),
        newest_ab(folders.exams),
        newest_gates(folders.gates),
    )
    if run is None and exam is None and ab is None and gates is None:
        nothing_yet("Nothing was measured yet.", "make simulate scenario=geo_jump")
        return
    live = None if run is None or run_row is None else (run_row, run.evaluation.verdict)
    found = grounds(live, exam, ab, gates)
    verdict = answer(found)
    verdict_box(verdict, ANSWERS[verdict.value])
    _grounds(found)
    left, middle, right = st.columns(3, gap="medium")
    with left:
        rules_owner(exam, ab)
    with middle:
        engineer(run)
    with right:
        risk_manager(exam)
    if gates is not None:
        _gates(*gates)


def _newest_live(rows: list[RunRow]) -> RunRow | None:
    """The newest at the commit of the working tree; else the newest of all."""
    live = [row for row in rows if row.mode == "live" and row.state == "judged"]
    here = [row for row in live if is_head(row.commit)]
    return next(iter([*here, *live]), None)


def _kept(runs: Path, row: RunRow | None) -> KeptRun | None:
    try:
        return None if row is None else keep(runs, row.run_id)
    except UnknownRunError:
        return None


def _grounds(found: list[Ground]) -> None:
    for column, ground in zip(st.columns(len(found)), found, strict=True):
        with column:
            verdict_badge(ground.verdict.value)
            st.caption(ground.question)
    with st.expander("What that rests on"):
        for ground in found:
            mark, words, source = st.columns([2, 7, 4])
            with mark:
                verdict_badge(ground.verdict.value)
            words.markdown(f"**{ground.question}**: {escaped(ground.verdict.reason)}")
            with source:
                if ground.link is not None:
                    path, parameters = ground.link
                    link(path, ground.source, **parameters)
                elif ground.source:
                    st.markdown(escaped(ground.source))
                else:
                    st.code(ground.command, language="sh")
                st.caption(_commit(ground))


def _commit(ground: Ground) -> str:
    if not ground.source:
        return ""
    if ground.commit is None:
        return "at an unknown commit"
    commit, _, changes = ground.commit.partition("+")
    words = f"at {commit[:12]}" + (" with changes" if changes else "")
    if is_example() or head() is None:
        return words
    return (
        f"{words} (the working tree's)"
        if is_head(ground.commit)
        else f"{words} (the working tree is at another)"
    )


def _gates(name: str, report: GatesResult) -> None:
    st.header("Gates")
    st.caption(f"{name}" + (f", profile {report.profile}" if report.profile else ""))
    rows = [
        {
            "": cell(gate.verdict),
            "gate": gate.name,
            "question": gate.question,
            "value": written(gate.value, gate.unit),
            "interval": ""
            if gate.low is None or gate.high is None
            else f"{written(gate.low, gate.unit)} to {written(gate.high, gate.unit)}",
            "threshold": "" if gate.threshold is None else written(gate.threshold, gate.unit),
            "note": gate.note,
        }
        for gate in report.gates
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True)


VIEW = View("overview", "Overview", ":material/dashboard:", 0, render)
