"""What is saved, who is bothered for nothing, and what was not tested?"""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboard.figure_text import NOT_MEASURED, digits
from dashboard.overview.exams import SatExam
from dashboard.verdict_marks import escaped
from evaluation.board.rows import ALL, Flag, Line
from scenarios.mixes import PREVALENCES

#: As harm in life: attacks and innocent traffic in the shares of card payments as a whole.
_PREVALENCE: Final = "eea"
_HELP: Final = {
    "holders_wrongly_called": "Cases opened that credit no attack.",
    "holders_wrongly_stopped": "Stops opened by a false alert, if the job may block for 24 h.",
}
_PER_DAY: Final = "a day, of each 10,000 holders"
_UNTESTED: Final = {
    "inconclusive": "too few incidents to tell",
    "untested": "look-alikes that test no rule",
    "expected_miss": "attacks that the rules cannot see",
    "too_easy": "too easy to tell anything",
}


def risk_manager(exam: SatExam | None) -> None:
    """Draw what the manager asks of the newest exam."""
    st.subheader("For the manager", anchor=False)
    if exam is None:
        st.info("No exam yet: `make evaluate`", icon=":material/info:")
        return
    board = exam.board
    saved = board.line("saved_share")
    share = None if saved is None else saved.value
    st.metric(
        "Saved of each 1,000 attempted",
        NOT_MEASURED if share is None else digits(1000 * share),
        border=True,
        help="Approved fraud from the first alert of an attack on, of all approved fraud.",
    )
    prevalence = _PREVALENCE if board.line("holders_wrongly_called", prevalence=_PREVALENCE) else ""
    for name, words in (
        ("holders_wrongly_called", "Holders wrongly called"),
        ("holders_wrongly_stopped", "Holders wrongly stopped"),
    ):
        line = board.line(name, prevalence=prevalence or "sample")
        st.metric(words, _harm(line), border=True, help=_HELP[name])
    at = f"at {PREVALENCES[prevalence]:.3%} fraud" if prevalence else "as in the exam"
    st.caption(f"Holders: {_PER_DAY}, {at}.")
    _not_tested(board.flags)


def _harm(line: Line | None) -> str:
    return NOT_MEASURED if line is None or line.value is None else digits(line.value)


def _not_tested(flags: list[Flag]) -> None:
    st.markdown("**Not tested, or not seen**")
    if not flags:
        st.caption("Nothing: every attack and look-alike has enough incidents.")
    for kind, words in _UNTESTED.items():
        names = sorted({flag.scenario for flag in flags if flag.kind == kind})
        whole = {flag.scenario for flag in flags if flag.kind == kind and flag.difficulty == ALL}
        if names:
            marked = [name if name in whole else f"{name} (in part)" for name in names]
            st.caption(f"**{words}**: {escaped(', '.join(marked))}")
    st.caption("**real card data and real holders**: everything here is generated")
