"""What is the story of one attack, or of one false case?"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard import story_of_exam, story_of_run
from dashboard.choices import UnknownId, choose, unknown_id
from dashboard.example import current_folders, example_button, is_example
from dashboard.exams import Exam, NoExam, named_exam
from dashboard.incident_lists import AT_STAKE, LOST, SAVED, WHICH, Listed, Which, of_exam, of_run
from dashboard.story import Story, StoryGone
from dashboard.story_panel import draw_story
from dashboard.view import View

#: How an address names one story, within an exam or a run.
_NAMES: Final = ("shard", "incident", "card", "at")
_LIST_PX: Final = 250
_ROW_PX: Final = 35
#: Of the latest event time that a swipe may have.
_TIME_DIGITS: Final = 15


def render() -> None:
    """The lists, and the story that the address names."""
    st.title("Incident")
    try:
        # The example has the swipes of its run, but not of its exam: they are millions.
        of = "run" if "run" in st.query_params or is_example() else "exam"
        of = choose(
            "of",
            "Of",
            ["exam", "run"],
            of,
            shown={"exam": "an exam (months of traffic)", "run": "a run"}.__getitem__,
            control="radio",
            clears=_NAMES,
        )
        if of == "run":
            _of_run()
        else:
            _of_exam()
    except NoExam as error:
        st.info(str(error))
        example_button()
    except StoryGone as error:
        st.warning(str(error))
    except UnknownId as error:
        error.show()


def _of_exam() -> None:
    exam = named_exam(clears=_NAMES)
    which = _which()
    chosen = _choose_row(of_exam(exam, which), f"{exam.exam_id}-{which}")
    if chosen is not None:
        draw_story(_exam_story(exam, chosen))


def _exam_story(exam: Exam, chosen: dict[str, str]) -> Story:
    with st.spinner("Reading the shard"):
        shard = chosen.get("shard") or exam.board.extent.shards[0]
        if "incident" in chosen:
            return story_of_exam.story_of_attack(exam, shard, chosen["incident"])
        return story_of_exam.story_of_case(exam, shard, chosen["card"], _moment(chosen))


def _of_run() -> None:
    run = _named_run()
    if run is None:
        st.info(
            "No run has a judged detection yet. Make one: `make local scenario=geo_jump`, or with "
            "Kafka and Flink `make simulate scenario=geo_jump`"
        )
        example_button()
        return
    which = _which()
    listed = of_run(run, which)
    if listed is None:
        st.info(f"The detection of {run.name} was not judged: `make local scenario=geo_jump`")
        return
    chosen = _choose_row(listed, f"{run.name}-{which}")
    if chosen is None:
        return
    with st.spinner("Reading the run"):
        if "incident" in chosen:
            story = story_of_run.story_of_attack(run, chosen["incident"])
        else:
            story = story_of_run.story_of_case(run, chosen["card"], _moment(chosen))
    draw_story(story)


def _named_run() -> Path | None:
    """The run that the address names, the newest judged one where it names none."""
    runs = current_folders().runs
    folders = list(runs.iterdir()) if runs.is_dir() else []
    judged = sorted(
        (f.name for f in folders if (f / "results" / "detection_incidents.parquet").exists()),
        reverse=True,
    )
    wanted = st.query_params.get("run")
    if wanted is not None and wanted not in judged:
        raise unknown_id("run with a judged detection", wanted, judged)
    return runs / choose("run", "Run", judged, judged[0], clears=_NAMES) if judged else None


def _which() -> Which:
    which = choose(
        "list",
        "List",
        list(WHICH),
        "missed",
        shown=WHICH.__getitem__,
        control="radio",
        clears=_NAMES,
    )
    return "false" if which == "false" else "caught" if which == "caught" else "missed"


def _choose_row(listed: Listed, name: str) -> dict[str, str] | None:
    """The story in the address, else the first of the list; a click on a row changes it."""
    key = f"rows-{name}"

    def keep() -> None:
        rows: Any = st.session_state[key].selection.rows
        for each in _NAMES:
            st.query_params.pop(each, None)
        if rows:
            st.query_params.update(listed.addresses[rows[0]])

    if listed.addresses:
        st.caption(f"{len(listed.addresses):,} in this list. Click on the left of a row.")
        st.dataframe(
            listed.shown,
            hide_index=True,
            height=min(_LIST_PX, _ROW_PX * (len(listed.addresses) + 1) + 3),
            key=key,
            on_select=keep,
            selection_mode="single-row",
            column_config={
                name: st.column_config.DatetimeColumn(format="DD MMM YYYY HH:mm:ss")
                for name in ("first alert (UTC)", "alert (UTC)")
            }
            | {
                name: st.column_config.NumberColumn(format="%.2f")
                for name in (LOST, SAVED, AT_STAKE, "minutes to the alert")
            },
        )
    else:
        st.info("This list is empty.")
    named = {each: st.query_params[each] for each in _NAMES if each in st.query_params}
    if "incident" in named or "card" in named:
        return named
    return listed.addresses[0] if listed.addresses else None


def _moment(chosen: dict[str, str]) -> int:
    at = chosen.get("at", "0")
    # As many digits as an event time has, and no others: a browser may send anything.
    if not (at.isascii() and at.isdecimal() and len(at) <= _TIME_DIGITS):
        raise unknown_id("event time", at, [])
    return int(at)


VIEW = View("incident", "Incident", ":material/route:", 60, render)
