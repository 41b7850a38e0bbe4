"""What did the last change gain and lose, and which rule bothers holders?"""

from __future__ import annotations

import streamlit as st

from dashboard.charts_rules import false_cases_chart
from dashboard.links import link
from dashboard.overview.exams import SatExam, false_cases_by_rule
from dashboard.verdict_marks import escaped
from evaluation.change import AbFile


def rules_owner(exam: SatExam | None, ab: tuple[str, AbFile] | None) -> None:
    """Draw what the rules' owner asks."""
    st.subheader("For the rules", anchor=False)
    _since_baseline(ab)
    if exam is None:
        st.info("No exam yet: `make evaluate`", icon=":material/info:")
        return
    rows = false_cases_by_rule(exam)
    if rows.empty:
        st.caption("No false case in the newest exam.")
        return
    st.altair_chart(false_cases_chart(rows))
    st.caption(
        f"{escaped(exam.name)}: {exam.board.extent.cards:,} cards over "
        f"{exam.board.extent.days:g} days. A case in which two rules fired counts for both."
    )


def _since_baseline(ab: tuple[str, AbFile] | None) -> None:
    if ab is None:
        st.info("Gained and lost are not measured: `make ab base=main`", icon=":material/info:")
        return
    name, read = ab
    said = read.result
    left, right = st.columns(2)
    left.metric("Incidents gained", f"{said.gained:,}", border=True)
    right.metric("Incidents lost", f"{said.lost:,}", border=True)
    left.metric("New false cases", f"{said.new_false:,}", border=True)
    right.metric("False cases gone", f"{said.gone_false:,}", border=True)
    st.caption(f"Since {escaped(said.before)}: {escaped(said.verdict.reason)}.")
    link("compare", "Which ones", ab=name)
