"""Is the story of an attack that which was judged?"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import story_of_exam, story_of_run
from dashboard.choices import UnknownId
from dashboard.exams import Exam
from dashboard.incident_lists import WHICH
from dashboard.story import Story, StoryGone
from dashboard.verdict_marks import escaped
from job.rules.discovery import rule_classes

Page = Callable[..., AppTest]


def lost_minor(story: Story) -> int:
    return sum(each.swipe.amount_minor for each in story.lost)


def test_each_attack_of_an_exam_is_lost_and_found_as_its_board_says(exam: Exam) -> None:
    for row in exam.table("incidents").to_dict("records"):
        story = story_of_exam.story_of_attack(exam, row["shard"], row["incident_id"])
        assert (story.first_alert is not None) == row["caught"], row
        assert lost_minor(story) == row["lost_minor"], row
        if story.first_alert is not None:
            assert story.first_alert.event_time_ms == row["first_alert_ms"], row


def test_each_attack_of_a_run_is_lost_and_found_as_its_judge_says(run_folder: Path) -> None:
    rows = pq.read_table(run_folder / "results" / "detection_incidents.parquet").to_pylist()
    for row in rows:
        story = story_of_run.story_of_attack(run_folder, row["incident_id"])
        assert (story.first_alert is not None) == row["caught"], row
        assert lost_minor(story) == row["lost_minor"], row
    assert any(row["caught"] for row in rows)


def test_a_sighting_has_the_value_its_threshold_and_what_the_rule_saw(exam: Exam) -> None:
    caught = exam.table("incidents")
    caught = caught[caught["caught"] & (caught["scenario"] == "geo_jump")].iloc[0]
    story = story_of_exam.story_of_attack(exam, caught["shard"], caught["incident_id"])
    travel = next(each for each in story.sightings if each.rule == "impossible_travel")
    assert travel.reason_code == rule_classes()["impossible_travel"].reason_code
    assert travel.value is not None
    assert travel.threshold is not None
    assert travel.value >= travel.threshold
    assert travel.unit == "km/h"
    assert "distance_km" in travel.saw


def test_where_the_rules_have_changed_since_only_their_values_are_told(
    exam: Exam, tmp_path: Path
) -> None:
    """The recorded values still stand; what else was seen is not made up."""
    root = tmp_path / "exams" / exam.exam_id
    shutil.copytree(exam.folder, root)
    shard = exam.board.extent.shards[0]
    source = exam.shard_folder(shard)
    assert source is not None
    kept = root / "shards" / shard
    shutil.copytree(source, kept)
    facts = json.loads((root / "exam.json").read_bytes())
    former, other = facts["rules_sha256"], "0" * 64
    for file in kept.glob(f"scores-{former[:16]}*"):
        file.rename(file.with_name(file.name.replace(former[:16], other[:16])))
    (root / "exam.json").write_text(json.dumps(facts | {"rules_sha256": other}))
    changed = Exam(exam.exam_id, root)
    caught = exam.table("incidents")
    caught = caught[caught["caught"]].iloc[0]
    story = story_of_exam.story_of_attack(changed, shard, caught["incident_id"])
    assert story.sightings
    assert all(not each.saw for each in story.sightings)
    assert "changed" in story.remarks[0]


@pytest.mark.parametrize("which", list(WHICH))
@pytest.mark.parametrize("of", ["exam", "run"])
def test_every_list_opens_with_a_story_or_says_that_it_is_empty(
    page: Page, of: str, which: str
) -> None:
    app = page("incident", of=of, list=which)
    assert not app.exception
    assert not app.error
    assert app.subheader or "empty" in app.info[0].value


def test_the_story_in_the_address_is_told(page: Page, exam: Exam) -> None:
    row = exam.table("incidents").iloc[0]
    app = page("incident", shard=row["shard"], incident=row["incident_id"])
    assert not app.exception
    assert app.subheader[0].value == row["incident_id"]
    assert {"Attack", "First alert", "Lost before the alert"} <= {m.label for m in app.metric}
    assert len(app.get("vega_lite_chart")) == 2  # swipes, and the rules' values


def test_the_map_has_an_arc_for_a_jump(page: Page, exam: Exam) -> None:
    rows = exam.table("incidents")
    row = rows[rows["scenario"] == "geo_jump"].iloc[0]
    app = page("incident", shard=row["shard"], incident=row["incident_id"])
    drawn = json.loads(app.get("deck_gl_json_chart")[0].proto.json)
    arcs = next(each for each in drawn["layers"] if each["@@type"] == "ArcLayer")
    assert arcs["data"]
    assert drawn.get("mapProvider") is None


def test_a_look_alike_can_be_told_too(page: Page, exam: Exam) -> None:
    shard = exam.board.extent.shards[0]
    app = page("incident", shard=shard, incident="legit_travel-00000")
    assert not app.exception
    assert "Holder" in {each.label for each in app.metric}


def test_a_card_can_be_told_from_an_alert_on(page: Page, run_folder: Path) -> None:
    alert = pq.read_table(run_folder / "results" / "detection_alerts.parquet").to_pylist()[0]
    app = page(
        "incident", run=run_folder.name, card=alert["entity_id"], at=str(alert["event_time_ms"])
    )
    assert not app.exception
    assert app.subheader[0].value == f"card {alert['entity_id'][:8]}"


def test_an_unknown_incident_names_close_ones(page: Page, exam: Exam) -> None:
    shard = exam.board.extent.shards[0]
    app = page("incident", shard=shard, incident="geo_jump-9")
    assert not app.exception
    assert r"geo\_jump-0" in app.error[0].value


def test_an_unknown_run_names_a_close_one(page: Page, run_folder: Path) -> None:
    refused = page("incident", run=run_folder.name[:-1]).error[0].value
    assert escaped(run_folder.name) in refused


def test_an_unknown_card_and_shard_are_refused_by_name(exam: Exam) -> None:
    with pytest.raises(UnknownId, match="no card 'nobody'"):
        story_of_exam.story_of_case(exam, exam.board.extent.shards[0], "nobody", 0)
    with pytest.raises(UnknownId, match="no shard"):
        story_of_exam.story_of_attack(exam, "exam-0", "geo_jump-00000")


def test_without_the_swipes_it_says_how_to_make_them_again(
    page: Page, exam: Exam, tmp_path: Path
) -> None:
    shutil.copytree(exam.folder, tmp_path / "exams" / exam.exam_id)
    app = page("incident", root=tmp_path)
    assert not app.exception
    assert "make evaluate" in app.warning[0].value


def test_without_the_replay_it_says_how_to_make_it_again(
    page: Page, run_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(run_folder, tmp_path / "runs" / run_folder.name)
    with pytest.raises(StoryGone, match="make local scenario=geo_jump"):
        story_of_run.story_of_attack(tmp_path / "runs" / run_folder.name, "geo_jump-00000")
    app = page("incident", root=tmp_path, of="run", list="caught")
    assert "make local scenario=geo_jump" in app.warning[0].value


@pytest.mark.parametrize(("of", "command"), [("exam", "make evaluate"), ("run", "make local")])
def test_with_nothing_there_it_says_what_to_run(
    page: Page, tmp_path: Path, of: str, command: str
) -> None:
    app = page("incident", root=tmp_path, of=of)
    assert not app.exception
    assert command in app.info[0].value
