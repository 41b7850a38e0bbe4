"""Does the page of an exam say what stands on its board?"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.detection_figures import value_text
from dashboard.exams import Exam

Page = Callable[..., AppTest]


def metrics(app: AppTest) -> dict[str, str]:
    return {each.label: each.value for each in app.metric}


def charts(app: AppTest) -> list[str]:
    return [json.dumps(json.loads(each.proto.spec)) for each in app.get("vega_lite_chart")]


def test_the_newest_exam_is_shown_with_its_figures_and_their_intervals(
    page: Page, exam: Exam
) -> None:
    app = page("detection")
    assert not app.exception
    line = exam.board.line("incident_recall")
    assert line is not None
    assert line.low is not None
    assert metrics(app)["Attacks caught"] == value_text(line.value, "1")
    assert any(value_text(line.low, "1") in each.value for each in app.caption)


def test_every_chart_is_there_with_a_title(page: Page) -> None:
    titles = "".join(charts(page("detection")))
    for title in (
        "Attacks caught",
        "Innocent look-alikes that raised an alert",
        "In how many attacks each rule fires",
        "In how many look-alikes each rule fires",
        "Precision over recall",
    ):
        assert title in titles


def test_a_named_prevalence_in_the_address_changes_precision(page: Page, exam: Exam) -> None:
    line = exam.board.line("swipe_precision", prevalence="eea")
    assert line is not None
    shown = metrics(page("detection", prevalence="eea"))
    assert shown["Flagged swipes that are fraud"] == value_text(line.value, "1")
    assert "Average precision" not in shown  # the board has none at another prevalence


def test_to_block_has_figures_of_its_own(page: Page) -> None:
    shown = metrics(page("detection", mode="block"))
    assert "Fraud stopped, by money" in shown
    assert "Attacks caught" not in shown


@pytest.mark.parametrize("prevalence", ["sample", "eea", "ecommerce_worldline"])
@pytest.mark.parametrize("mode", ["monitor", "block"])
def test_every_choice_can_be_shown(page: Page, prevalence: str, mode: str) -> None:
    app = page("detection", prevalence=prevalence, mode=mode)
    assert not app.exception
    assert metrics(app)


def test_what_is_chosen_stands_in_the_address(page: Page) -> None:
    app = page("detection")
    app.radio(key="address-mode").set_value("block").run()
    assert app.query_params["mode"] == "block"
    assert "Fraud stopped, by money" in metrics(app)


def test_baselines_stand_beside_the_job(page: Page) -> None:
    tables = [each.value for each in page("detection").dataframe]
    systems = next(set(each.index) for each in tables if each.index.name == "system")
    assert {"job", "null", "random", "perfect", "impossible_travel"} <= systems


def test_what_is_too_little_to_tell_is_flagged(page: Page) -> None:
    """Four incidents of each attack are far from a hundred."""
    assert any("inconclusive" in each.value for each in page("detection").markdown)


def test_it_leads_to_missed_false_and_caught_ones(page: Page, exam: Exam) -> None:
    links = "".join(each.proto.body for each in page("detection").get("html"))
    for which in ("missed", "false", "caught"):
        assert f"incident?exam={exam.exam_id}&amp;of=exam&amp;list={which}" in links


def test_without_an_exam_it_says_what_to_run(page: Page, tmp_path: Path) -> None:
    app = page("detection", root=tmp_path)
    assert not app.exception
    assert "make evaluate" in app.info[0].value


def test_an_unknown_exam_names_one_that_is_close(page: Page, exam: Exam) -> None:
    app = page("detection", exam=exam.exam_id[:-1])
    assert not app.exception
    assert exam.exam_id in app.error[0].value


def test_an_unknown_mode_names_those_there_are(page: Page) -> None:
    assert "monitor" in page("detection", mode="monitr").error[0].value


def test_a_damaged_board_is_named(page: Page, exam: Exam, tmp_path: Path) -> None:
    copy = tmp_path / "exams" / exam.exam_id
    shutil.copytree(exam.folder, copy)
    (copy / "board" / "board.json").write_text("{")
    app = page("detection", root=tmp_path)
    assert not app.exception
    assert "cannot be read" in app.info[0].value
