"""Does Flink decide exactly what the engine decides, on a stream in which everything goes wrong?"""

from __future__ import annotations

import base64
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest

from job.contracts import (
    WINDOW_KINDS,
    Alert,
    DeadLetter,
    Decision,
    Topics,
    WindowDrop,
    WindowResult,
)
from job.engine.event_windows import MINUTE_MS
from tests.e2e.rule_windows import CountWhenDone, observations
from tests.swipes_of_hours import swipes_of_hours
from workbench.plan import JobPlan

pytestmark = pytest.mark.stack

NOTHING_WRONG = {"missing": 0, "repeated": 0, "unexpected": 0, "different": 0}


def committed(run: Path, topic: str) -> list[bytes]:
    table = pq.read_table(
        run / "history" / "observed.parquet",
        columns=["value"],
        filters=[("view", "=", "committed"), ("topic", "=", topic)],
    )
    return table.column("value").to_pylist()


def drops(run: Path) -> list[WindowDrop]:
    return list(map(msgspec.json.Decoder(WindowDrop).decode, committed(run, "window-drops")))


def delivery_figures(evaluation: Any) -> dict[str, Any]:
    result = evaluation.judge("delivery")
    return {figure.name: figure.value for figure in result.figures}


class TestDisturbedStream:
    """One run, looked at from several sides."""

    @pytest.fixture(scope="class")
    def counters(self) -> CountWhenDone:
        return CountWhenDone()

    @pytest.fixture(scope="class")
    def run(self, run_it: Any, counters: CountWhenDone) -> Any:
        return run_it(job=JobPlan(windows=",".join(WINDOW_KINDS)), intervention=counters)

    def test_every_record_has_exactly_the_output_that_the_oracle_gives_it(self, run: Any) -> None:
        _, evaluation = run
        assert evaluation.judge("delivery").verdict == "pass", evaluation.judge("delivery").reason
        figures = delivery_figures(evaluation)
        assert {name: figures[name] for name in NOTHING_WRONG} == NOTHING_WRONG

    def test_every_fate_was_met(self, run: Any) -> None:
        folder, _ = run
        decode = msgspec.json.Decoder(Decision).decode
        fates = Counter(decode(value).fate for value in committed(folder, "decisions"))
        assert fates["judged"] > 5_000
        assert fates["repeat"] > 0
        assert committed(folder, "late-swipes")
        assert committed(folder, "dead-letters")

    def test_a_poison_record_ends_as_a_dead_letter_with_its_bytes_and_its_place(
        self, run: Any
    ) -> None:
        folder, _ = run
        sent = pq.read_table(folder / "history" / "sent.parquet").to_pylist()
        by_place = {(row["partition"], row["offset"]): row["value"] for row in sent}
        decode = msgspec.json.Decoder(DeadLetter).decode
        letters = [decode(value) for value in committed(folder, "dead-letters")]
        reasons = Counter(letter.reason for letter in letters)
        assert {"not_json", "not_utf8", "contract", "empty", "key_mismatch"} <= set(reasons)
        assert {"unknown_version", "event_time_ahead", "id_conflict"} <= set(reasons)
        assert reasons["internal_error"] == 0
        for letter in letters:
            original = by_place[letter.partition, letter.offset] or b""
            assert base64.b64decode(letter.payload_base64) == original

    def test_every_window_of_every_kind_holds_what_the_oracle_gives_it(self, run: Any) -> None:
        folder, evaluation = run
        figures = delivery_figures(evaluation)
        assert {name: figures[f"windows_{name}"] for name in NOTHING_WRONG} == NOTHING_WRONG
        decode = msgspec.json.Decoder(WindowResult).decode
        judged = figures["fate_judged"]
        dropped = Counter(drop.window for drop in drops(folder))
        for kind, topic in Topics.with_prefix().windows().items():
            results = list(map(decode, committed(folder, topic)))
            assert results, kind
            if kind != "card_hour":  # hours overlap: the next test
                assert sum(each.swipes for each in results) + dropped[kind] == judged, kind

    def test_what_each_minute_adds_to_hours_and_what_was_dropped_is_what_was_judged(
        self, run: Any
    ) -> None:
        folder, evaluation = run
        decode = msgspec.json.Decoder(WindowResult).decode
        held = swipes_of_hours(map(decode, committed(folder, "windows-card-hour")))
        assert min(held.values()) > 0
        held.update(
            (drop.entity_id, drop.window_start_ms)
            for drop in drops(folder)
            if drop.window == "card_hour"
        )
        decisions = map(msgspec.json.Decoder(Decision).decode, committed(folder, "decisions"))
        judged = Counter(
            (each.card_token, each.event_time_ms // MINUTE_MS * MINUTE_MS)
            for each in decisions
            if each.fate == "judged"
        )
        assert held == judged
        assert held.total() == delivery_figures(evaluation)["fate_judged"]

    def test_windows_of_rules_take_or_drop_every_observation_of_the_oracle(
        self, run: Any, counters: CountWhenDone, tmp_path: Path
    ) -> None:
        folder, _ = run
        seen = counters.counted
        assert seen.observed > 0
        assert seen.observed + seen.dropped == observations(folder, tmp_path)
        assert seen.dropped == sum(drop.window == "rule" for drop in drops(folder))

    def test_an_alert_explains_itself(self, run: Any) -> None:
        folder, _ = run
        decode = msgspec.json.Decoder(Alert).decode
        alerts = [decode(value) for value in committed(folder, "alerts")]
        jumps = [
            finding
            for alert in alerts
            for finding in alert.findings
            if finding.rule == "impossible_travel"
        ]
        assert jumps
        assert all(jump.value >= jump.threshold for jump in jumps)
        assert all(jump.swipe_ids for jump in jumps)

    def test_no_record_restarts_the_job(self, run: Any) -> None:
        folder, _ = run
        job = msgspec.json.decode((folder / "history" / "job.json").read_bytes())
        assert job["complete"], job["incomplete_because"]
        assert job["restarts"] == 0
        assert job["exceptions"] == []


@pytest.mark.slow
def test_four_parallel_tasks_decide_the_same(run_it: Any) -> None:
    _, evaluation = run_it(job=JobPlan(parallelism=4), duration_s=8)
    assert evaluation.judge("delivery").verdict == "pass", evaluation.judge("delivery").reason
