"""What differs between two runs, or between the two sides of an `ab`?"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.ab_result import AbUnreadableError, ab_folders
from dashboard.choices import choose_id
from dashboard.compare.two_runs import two_runs
from dashboard.compare.two_sides import two_sides
from dashboard.example import current_folders, nothing_yet
from dashboard.stored_runs import stored_runs
from dashboard.verdict_marks import escaped
from dashboard.view import View
from evaluation.store import UnknownRunError

_RUNS, _SIDES = "Two runs", "Two sides of an ab"


def render() -> None:
    """Two runs by ``?a=`` and ``?b=``, or the sides of an `ab` by ``?ab=``."""
    st.title("Compare")
    folders = current_folders()
    asked = "ab" in st.query_params
    what = st.segmented_control(
        "What", [_RUNS, _SIDES], default=_SIDES if asked else _RUNS, label_visibility="collapsed"
    )
    if what == _SIDES:
        _drop("a", "b")
        _sides(folders.exams)
    else:
        _drop("ab")
        _runs(folders.runs)


def _drop(*parameters: str) -> None:
    for parameter in parameters:
        if parameter in st.query_params:
            del st.query_params[parameter]


def _runs(runs: Path) -> None:
    names = [row.run_id for row in stored_runs(runs).rows]
    if len(names) < 2:
        nothing_yet("Two runs are needed, and there are fewer.", "make simulate scenario=geo_jump")
        return
    left, right = st.columns(2)
    with left:
        a = choose_id("a", "a, the one before", "run", names, otherwise=1)
    with right:
        b = choose_id("b", "b, the one after", "run", names)
    if a is None or b is None:
        return
    if a == b:
        st.info("That is the same run twice. Choose another.", icon=":material/equal:")
        return
    try:
        two_runs(runs, a, b)
    except UnknownRunError as error:
        st.error(escaped(str(error)), icon=":material/broken_image:")


def _sides(exams: Path) -> None:
    names = [folder.name for folder in ab_folders(exams)]
    if not names:
        nothing_yet("There is no comparison of two commits yet.", "make ab base=main")
        return
    chosen = choose_id("ab", "Comparison", "comparison", names)
    if chosen is None:
        return
    try:
        two_sides(exams / chosen)
    except AbUnreadableError as error:
        st.error(escaped(str(error)), icon=":material/broken_image:")


VIEW = View("compare", "Compare", ":material/compare_arrows:", 40, render)
