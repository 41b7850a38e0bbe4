"""How well do the rules detect: the board of one exam."""

from __future__ import annotations

from typing import Final

import pandas as pd
import streamlit as st

from dashboard.anchor import anchor
from dashboard.choices import UnknownId, choose
from dashboard.colours import VERDICT_MARKS
from dashboard.detection_charts import curves_chart, heat_map, shares_chart
from dashboard.detection_figures import (
    BLOCK,
    MONITOR,
    PREVALENCE_TEXTS,
    figures,
    interval_text,
    value_text,
)
from dashboard.example import example_button
from dashboard.exams import Exam, NoExam, named_exam
from dashboard.view import View
from evaluation.board import Board
from evaluation.board.rows import MONITOR as MONITOR_MODE
from evaluation.board.rows import SAMPLE, TRUTH
from scenarios.base import DIFFICULTIES

_COLUMNS: Final = 4
_FLAGS: Final = {
    "expected_miss": ":material/visibility_off: expected miss",
    "untested": ":material/question_mark: untested",
    "too_easy": ":material/sentiment_satisfied: too easy",
    "inconclusive": ":material/help: inconclusive",
}
#: Figures by which systems are held against each other, with their words.
_AGAINST: Final = {
    "incident_recall": "attacks caught",
    "case_precision": "cases that are right",
    "alert_precision": "alerts that are right",
    "average_precision": "average precision",
    "swipe_recall": "fraudulent swipes flagged",
    "alert_rate": "swipes flagged",
}


def render() -> None:
    """The board that the address names."""
    st.title("Detection")
    try:
        exam = named_exam()
        board = exam.board
        _page(exam, board)
    except NoExam as error:
        st.info(str(error))
        example_button()
    except UnknownId as error:
        error.show()


def _page(exam: Exam, board: Board) -> None:
    extent = board.extent
    st.markdown(
        f"{VERDICT_MARKS[board.verdict.value]} **{board.verdict.value}**: {board.verdict.reason}. "
        f"{extent.swipes:,} swipes of {extent.cards:,} cards over {extent.days:g} days; "
        f"{extent.attacks:,} attacks, {extent.look_alikes:,} innocent look-alikes."
    )
    _links(exam)
    _headline(board)
    _scenarios(exam)
    _matrix(exam)
    _curves(exam, board)
    _held_against(board)
    _rules(exam)
    _flags(board)
    with st.expander("Notes of the board"):
        st.markdown("\n".join(f"- {note}" for note in board.notes))


def _links(exam: Exam) -> None:
    given = exam.link_parameters | {"of": "exam"}
    shown = [
        anchor("incident", text, **given, list=which)
        for which, text in (
            ("missed", "attacks that were missed"),
            ("false", "cases opened for nothing"),
            ("caught", "attacks that were caught"),
        )
    ]
    st.html(f"Look at single ones: {' · '.join(shown)}")


def _headline(board: Board) -> None:
    left, right = st.columns(2)
    with left:
        prevalence = choose(
            "prevalence",
            "Prevalence",
            list(PREVALENCE_TEXTS),
            SAMPLE,
            shown=PREVALENCE_TEXTS.__getitem__,
            control="radio",
            explained="Fraudulent share of all swipes. An exam has far more fraud than life; "
            "weights bring it and the mix of attacks to a named share.",
        )
    with right:
        mode = choose(
            "mode",
            "The job may",
            [MONITOR, BLOCK],
            MONITOR,
            shown={MONITOR: "only alert (monitor)", BLOCK: "stop swipes (block)"}.__getitem__,
            control="radio",
            explained="In block, a swipe of that action is stopped, and all of its card for 24 h.",
        )
    found = figures(board, prevalence, mode)
    if not found:
        st.info("Not computed: the exam cannot be weighted to this prevalence.")
    for start in range(0, len(found), _COLUMNS):
        for column, (words, line) in zip(
            st.columns(_COLUMNS), found[start : start + _COLUMNS], strict=False
        ):
            column.metric(words.label, value_text(line.value, line.unit), help=words.meaning)
            column.caption(interval_text(line))
    if prevalence != SAMPLE and mode == MONITOR:
        st.caption("Recall, delay and money do not depend on the prevalence: they are the exam's.")


def _scenarios(exam: Exam) -> None:
    rows = exam.table("by_scenario")
    left, right = st.columns(2)
    for column, role in ((left, "attack"), (right, "look_alike")):
        with column:
            if (rows["role"] == role).any():
                st.altair_chart(shares_chart(rows, role), width="stretch")
            else:
                st.info("This exam has none of these.")


def _matrix(exam: Exam) -> None:
    st.subheader("Which rule finds what")
    difficulty = choose("difficulty", "Difficulty", ["all", *DIFFICULTIES], "all", control="radio")
    matrix = exam.table("matrix")
    for role in ("attack", "look_alike"):
        if (matrix["role"] == role).any():
            st.altair_chart(heat_map(matrix, role, difficulty), width="stretch")
    st.caption(
        "An attack counts where the rule fired on a fraudulent swipe, a look-alike where it fired "
        "on any swipe of it."
    )


def _curves(exam: Exam, board: Board) -> None:
    curves = exam.table("curves")
    share = board.extent.fraud_swipes / max(board.extent.swipes, 1)
    st.altair_chart(curves_chart(curves, share), width="stretch")
    st.caption("At the exam's own prevalence: a board holds no curves at another one.")


def _held_against(board: Board) -> None:
    st.subheader("Held against")
    rows: dict[str, dict[str, str]] = {}
    for line in board.headline:
        key = (line.labels, line.prevalence, line.mode)
        if key == (TRUTH, SAMPLE, MONITOR_MODE) and line.name in _AGAINST:
            text = value_text(line.value, line.unit)
            if line.name == "incident_recall" and line.low is not None and line.high is not None:
                text += f" ({line.low:.1%} to {line.high:.1%})"
            rows.setdefault(line.system, {})[_AGAINST[line.name]] = text
    shown = pd.DataFrame.from_dict(rows, orient="index").reindex(columns=list(_AGAINST.values()))
    shown.index.name = "system"
    st.dataframe(shown, height="content")
    st.caption(
        "Null never alerts, random alerts as often as the job, perfect flags each fraudulent "
        "swipe; then each rule alone. In brackets: 95% intervals."
    )


def _rules(exam: Exam) -> None:
    st.subheader("What each rule adds")
    rows = exam.table("by_rule")
    thresholds = [f"{t:g} {unit}" for t, unit in zip(rows["threshold"], rows["unit"], strict=True)]
    rows = rows.assign(fires_at=thresholds)
    names = {
        "rule": "rule",
        "fires_at": "fires at",
        "caught": "attacks it catches",
        "only_incidents": "that no other does",
        "false_alerts": "false alerts",
        "only_false_alerts": "from it alone",
        "precision": "precision, exam",
        "precision_eea": "precision, eea",
        "precision_ecommerce_worldline": "precision, ecommerce",
        "shadow": "only watches",
    }
    percent = {
        text: st.column_config.NumberColumn(format="percent")
        for name, text in names.items()
        if name.startswith("precision")
    }
    st.dataframe(rows[list(names)].rename(columns=names), hide_index=True, column_config=percent)


def _flags(board: Board) -> None:
    st.subheader("Before you believe it")
    if not board.flags:
        st.markdown("No flag: nothing is untested, too easy or an expected miss.")
        return
    by_kind: dict[str, list[str]] = {}
    for flag in board.flags:
        key = f"**{_FLAGS.get(flag.kind, flag.kind)}**: {flag.text}"
        by_kind.setdefault(key, []).append(f"{flag.scenario} ({flag.difficulty})")
    for text, named in by_kind.items():
        st.markdown(f"{text}  \n{', '.join(named)}")


VIEW = View("detection", "Detection", ":material/policy:", 50, render)
