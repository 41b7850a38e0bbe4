"""Every page says what it shows, and where nothing is there, what to run."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import time
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.live.series import latency_series
from dashboard.live.watched import newest_under_way
from evaluation.evaluate import read_results
from evaluation.glance import GLANCE_FILE, Glance, LoadPoint, SeenAlert, SeenDecision
from tests.dashboard.conftest import APP, Opener, Results, text_of

RUN_SIDE = ["overview", "live", "runs", "run", "compare"]


@pytest.mark.parametrize("view", RUN_SIDE)
def test_a_page_without_results_says_what_to_run(open_page: Opener, view: str) -> None:
    page = open_page(view)
    assert not page.exception
    assert page.code[0].value == "make simulate scenario=geo_jump"


@pytest.mark.parametrize("view", RUN_SIDE)
def test_a_page_with_results_raises_nothing(open_page: Opener, results: Results, view: str) -> None:
    page = open_page(view, results)
    assert not page.exception
    assert page.title


def test_the_first_page_of_the_application_is_the_overview(
    open_page: Opener, results: Results
) -> None:
    open_page("overview", results)  # sets the folders
    page = AppTest.from_file(str(APP), default_timeout=60).run()
    assert not page.exception
    assert page.title[0].value == "Overview"


class TestOverview:
    def test_the_answer_is_no_where_a_gate_failed(
        self, open_page: Opener, results: Results
    ) -> None:
        page = open_page("overview", results)
        assert "Release: no" in page.error[0].value
        assert "beyond the threshold: missing" in page.error[0].value

    def test_without_gates_it_was_not_measured(
        self, open_page: Opener, results: Results, tmp_path: Path
    ) -> None:
        passing, none = results.examples, tmp_path / "none"
        page = open_page("overview", dataclasses.replace(results, runs=passing, gates=none))
        assert "Release: not measured" in page.warning[0].value
        assert "make gates" in page.warning[0].value

    def test_it_counts_what_the_change_gained_and_lost(
        self, open_page: Opener, results: Results
    ) -> None:
        page = open_page("overview", results)
        found = {metric.label: metric.value for metric in page.metric}
        assert found["Incidents gained"] == "1"
        assert found["Incidents lost"] == "0"
        assert found["False cases gone"] == "1"
        assert found["Missing"] == "0"
        # 2,000 of the 3,300 that were approved of both attacks came after the first alert.
        assert found["Saved of each 1,000 attempted"] == "606"

    def test_a_damaged_board_is_left_out(
        self, open_page: Opener, results: Results, tmp_path: Path
    ) -> None:
        broken = tmp_path / "exams" / "20270101T000000-exam-dddd" / "board"
        broken.mkdir(parents=True)
        (broken / "board.json").write_text("{")
        page = open_page("overview", dataclasses.replace(results, exams=tmp_path / "exams"))
        assert not page.exception
        assert "newest exam" in text_of(page)


class TestRun:
    def test_a_run_in_the_address_is_shown(self, open_page: Opener, results: Results) -> None:
        page = open_page("run", results, run="run-1")
        assert page.selectbox[0].value == "run-1"
        assert not page.exception
        assert read_results(results.runs / "run-1").judge("delivery").reason in text_of(page)

    def test_an_unknown_run_names_close_ones(self, open_page: Opener, results: Results) -> None:
        page = open_page("run", results, run="run-9")
        assert not page.exception
        assert page.error[0].value.startswith("There is no run 'run-9'; close ones: run-")
        assert page.selectbox[0].value is None

    @pytest.mark.parametrize(("run", "why"), [("run-3", "unfinished"), ("run-4", "damaged")])
    def test_a_broken_run_says_what_is_wrong(
        self, open_page: Opener, results: Results, run: str, why: str
    ) -> None:
        page = open_page("run", results, run=run)
        assert not page.exception
        assert why in page.error[0].value

    def test_damaged_tables_are_named_and_the_rest_is_shown(
        self, open_page: Opener, results: Results, tmp_path: Path
    ) -> None:
        runs = tmp_path / "runs"
        shutil.copytree(results.runs / "run-1", runs / "run-1")
        for file in ("results/backlog.parquet", "sends.parquet", "history/job.json"):
            (runs / "run-1" / file).write_bytes(b"PAR1 and no more")
        page = open_page("run", dataclasses.replace(results, runs=runs))
        assert not page.exception
        warnings = "\n".join(warning.value for warning in page.warning)
        for name in ("backlog.parquet", "sends.parquet", "job.json"):
            assert name in warnings

    def test_the_sum_of_the_fates_is_what_is_owed(
        self, open_page: Opener, results: Results
    ) -> None:
        assert "the sum of the fates is what is owed" in text_of(
            open_page("run", results, run="run-1")
        )


class TestRuns:
    def test_all_are_listed_with_their_verdicts(self, open_page: Opener, results: Results) -> None:
        table = open_page("runs", results).dataframe[0].value
        assert list(table["run"]) == [f"run?run=run-{number}" for number in (3, 2, 1, 4)]
        assert list(table["verdict"]) == ["… unfinished", "✗ fail", "✓ pass", "! damaged"]

    def test_a_filter_in_the_address_holds(self, open_page: Opener, results: Results) -> None:
        page = open_page("runs", results, verdict="pass")
        assert list(page.dataframe[0].value["run"]) == ["run?run=run-1"]

    def test_a_figure_in_the_address_is_drawn(self, open_page: Opener, results: Results) -> None:
        page = open_page("runs", results, figure="delivery: missing")
        assert page.selectbox[0].value == "delivery: missing"


class TestCompare:
    def test_two_runs_in_the_address_are_held_against_each_other(
        self, open_page: Opener, results: Results
    ) -> None:
        page = open_page("compare", results, a="run-1", b="run-2")
        assert not page.exception
        figures = page.dataframe[1].value
        p99 = figures[figures["figure"] == "uncommitted_p99"].iloc[0]
        assert p99["mark"].startswith("▲")
        assert (figures["a"] != figures["b"]).all()

    def test_what_is_the_same_is_shown_when_asked_for(
        self, open_page: Opener, results: Results
    ) -> None:
        page = open_page("compare", results, a="run-1", b="run-2")
        fewer = len(page.dataframe[1].value)
        page.toggle[0].set_value(True).run()
        assert len(page.dataframe[1].value) > fewer

    def test_an_unknown_run_names_close_ones(self, open_page: Opener, results: Results) -> None:
        page = open_page("compare", results, a="run-1", b="rum-2")
        assert not page.exception
        assert "There is no run 'rum-2'; close ones: run-2" in page.error[0].value

    def test_a_run_that_was_not_judged_is_told(self, open_page: Opener, results: Results) -> None:
        page = open_page("compare", results, a="run-1", b="run-4")
        assert not page.exception
        assert "damaged" in page.error[0].value

    def test_the_sides_of_an_ab_in_the_address_are_shown(
        self, open_page: Opener, results: Results
    ) -> None:
        page = open_page("compare", results, ab="20260102T000000-ab-bbbb")
        assert not page.exception
        assert "not measured: CPU of the engine" in page.warning[0].value
        assert "1 gained, 0 lost of 2" in text_of(page)
        assert {metric.label: metric.value for metric in page.metric}["Incidents gained"] == "1"

    def test_a_damaged_ab_says_what_is_wrong(
        self, open_page: Opener, results: Results, tmp_path: Path
    ) -> None:
        folder = tmp_path / "exams" / "x-ab-1"
        folder.mkdir(parents=True)
        (folder / "ab.json").write_text("{")
        page = open_page(
            "compare", dataclasses.replace(results, exams=tmp_path / "exams"), ab="x-ab-1"
        )
        assert not page.exception
        assert "ab.json" in page.error[0].value


class TestLive:
    """A run as its processes leave it while it goes on."""

    @pytest.fixture
    def under_way(self, results: Results, tmp_path: Path) -> Results:
        runs = tmp_path / "runs"
        folder = runs / "run-7.partial"
        replay = tmp_path / "replay"
        write_under_way(folder, replay)
        return dataclasses.replace(results, runs=runs)

    def test_it_shows_fates_alerts_and_reasons(self, open_page: Opener, under_way: Results) -> None:
        page = open_page("live", under_way)
        assert not page.exception
        found = {metric.label: metric.value for metric in page.metric}
        assert found["decided"] == "600"
        assert found["alerts"] == "1"
        assert "VELOCITY" in text_of(page)
        assert not page.warning

    def test_latency_counts_from_the_moment_a_swipe_was_due(self, under_way: Results) -> None:
        watched = newest_under_way(under_way.runs)
        assert watched is not None
        series = latency_series(watched)
        assert set(series["view"]) == {"uncommitted", "committed"}
        of_view = series.groupby("view")["latency_ms"].max()
        assert of_view["uncommitted"] == pytest.approx(20.0)
        assert of_view["committed"] == pytest.approx(90.0)

    def test_a_run_that_nobody_writes_to_is_told(
        self, open_page: Opener, under_way: Results
    ) -> None:
        folder = under_way.runs / "run-7.partial"
        old_s = time.time() - 600
        for path in [folder, *folder.rglob("*")]:
            os.utime(path, (old_s, old_s))
        assert "Nothing was written for 10 minutes" in open_page("live", under_way).warning[0].value

    def test_half_written_files_are_no_error(self, open_page: Opener, under_way: Results) -> None:
        folder = under_way.runs / "run-7.partial"
        for file in ("send-progress.json", "history/collect-status.json", "history/glance.json"):
            (folder / file).write_text('{"phase": ')
        page = open_page("live", under_way)
        assert not page.exception
        assert "Nothing is read back yet" in text_of(page)


class TestExample:
    def test_where_there_is_nothing_it_can_be_opened(
        self, open_page: Opener, results: Results, tmp_path: Path
    ) -> None:
        empty = Results(tmp_path / "r", tmp_path / "e", tmp_path / "g", results.examples)
        page = open_page("runs", empty)
        page.button[0].click().run()
        assert not page.exception
        assert list(page.dataframe[0].value["run"]) == ["run?run=run"]
        assert page.query_params["source"] == "example"

    def test_it_stands_in_the_address(self, open_page: Opener, results: Results) -> None:
        page = open_page("run", results, source="example")
        assert page.selectbox[0].options == ["run"]


def write_under_way(folder: Path, replay: Path) -> None:
    """600 swipes sent, one each 10 ms; decided after 20 ms, committed after 90 ms."""
    (folder / "history").mkdir(parents=True)
    replay.mkdir()
    ids, due_us = [f"s{n}" for n in range(1200)], [n * 10_000 for n in range(1200)]
    pq.write_table(pa.table({"swipe_id": ids, "due_us": due_us}), replay / "records.parquet")
    start_ns, sent = 5_000_000_000, 600
    progress = {
        "phase": "sending",
        "records": 1200,
        "sent": sent,
        "delivered": sent,
        "failed": 0,
        "start_monotonic_ns": start_ns,
        "time_ns": start_ns + 6_000_000_000,
        "replay": str(replay),
    }
    (folder / "send-progress.json").write_text(json.dumps(progress))
    view = {"records": 601, "by_topic": {"decisions": 600, "alerts": 1}}
    view |= {"last_received_ns": 1, "behind": 0}
    status = {
        "phase": "collecting",
        "complete": False,
        "time_ns": start_ns + 6_000_000_000,
        "views": {"uncommitted": view, "committed": view},
        "ends": {},
        "stable": {},
        "open_transaction_records": 0,
        "still_for_ms": 0,
        "swipes_end": 600,
        "round_trips": 0,
        "problems": [],
        "cpu_s": 1.0,
    }
    (folder / "history" / "collect-status.json").write_text(json.dumps(status))

    def decisions(after_ms: int) -> list[SeenDecision]:
        return [
            SeenDecision(f"s{n}", start_ns + n * 10_000_000 + after_ms * 1_000_000)
            for n in range(0, sent, 2)
        ]

    glance = Glance(
        time_ns=start_ns,
        decisions={"uncommitted": decisions(20), "committed": decisions(90)},
        alerts=[
            SeenAlert(
                received_ns=start_ns + 1_000_000_000,
                entity_type="card",
                entity_id="card1",
                action="review",
                score=0.6,
                reasons=["VELOCITY"],
            )
        ],
        unreadable=0,
        load=[
            LoadPoint(start_ns + s * 500_000_000, s * 50, None, s * 50 - 2, s * 40)
            for s in range(1, 12)
        ],
    )
    (folder / "history" / GLANCE_FILE).write_bytes(msgspec.json.encode(glance))
