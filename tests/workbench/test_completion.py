"""When is a run complete, and what is taken for it wrongly?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from confluent_kafka import KafkaException

from evaluation.collect_status import CollectStatus
from stack.flink_rest import RestError
from workbench import completion

STATUS = CollectStatus(
    phase="collecting",
    complete=True,
    time_ns=0,
    views={},
    ends={"decisions": 10},
    stable={"decisions": 10},
    open_transaction_records=0,
    still_for_ms=0,
    swipes_end=10,
    round_trips=0,
    problems=[],
    cpu_s=0.0,
)

#: Event time that the last records bring.
END_MS = 1_000


class Scene:
    """A run as `await_completion` sees it; each look takes the next answer, the last one stays."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.covered: list[Any] = [10]
        self.states: list[Any] = ["RUNNING"]
        self.statuses: Iterator[CollectStatus | None] = iter(())
        self.nudges = 0
        self.checkpoints = 0
        self.watermarks: list[Any] = [None]
        rest = SimpleNamespace(
            job=self._job,
            checkpoints=self._checkpoints,
            watermark_ms=lambda _: self._next(self.watermarks),
        )
        stack = SimpleNamespace(settings=SimpleNamespace(kafka_address="nowhere:1"), rest=rest)
        self.live: Any = SimpleNamespace(
            stack=stack,
            job_id="job",
            group_id="group",
            topics=SimpleNamespace(swipes="swipes"),
            partitions=1,
            history=Path("nowhere"),
        )
        progress = SimpleNamespace(total=10, covered=lambda: self._next(self.covered))
        monkeypatch.setattr(completion, "CommitProgress", lambda *_: progress)
        monkeypatch.setattr(completion, "read_status", lambda _: next(self.statuses))
        monkeypatch.setattr(completion, "_POLL_S", 0.001)
        monkeypatch.setattr(completion, "_EVENT_TIME_BEHIND_NS", 0)

    def run(self, timeout_s: float = 0.5, *, was_restored: bool = False) -> completion.Completion:
        def nudge() -> None:
            self.nudges += 1

        bar: Any = SimpleNamespace(update=lambda *_: None)
        collector: Any = SimpleNamespace(require_alive=lambda: None)
        return completion.await_completion(
            self.live, collector, nudge, bar, END_MS, timeout_s, was_restored=was_restored
        )

    def _job(self, _job_id: str) -> Any:
        return SimpleNamespace(state=self._next(self.states))

    def _checkpoints(self, _job_id: str) -> Any:
        self.checkpoints += 1
        return SimpleNamespace(counts=SimpleNamespace(completed=self.checkpoints))

    @staticmethod
    def _next(answers: list[Any]) -> Any:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(monkeypatch)


def fresh(**changes: Any) -> Iterator[CollectStatus]:
    while True:
        yield msgspec.structs.replace(STATUS, time_ns=time.monotonic_ns(), **changes)


def test_two_fresh_looks_at_outputs_at_rest_complete_a_run(scene):
    scene.statuses = fresh()
    found = scene.run()
    assert found.complete, found.reason


def test_one_look_that_is_read_again_and_again_proves_no_rest(scene):
    scene.statuses = iter(lambda: stale, None)
    stale = msgspec.structs.replace(STATUS, time_ns=time.monotonic_ns() + 10**12)
    found = scene.run(0.1)
    assert not found.complete
    assert found.reason.startswith("the outputs did not come to rest")


def test_a_look_from_before_the_commit_covered_all_does_not_count(scene):
    old = msgspec.structs.replace(STATUS, time_ns=time.monotonic_ns())
    scene.statuses = iter(lambda: old, None)
    assert not scene.run(0.1).complete


def test_what_the_last_watermark_closes_is_waited_for(scene, monkeypatch):
    monkeypatch.setattr(completion, "_EVENT_TIME_BEHIND_NS", 10**12)
    scene.statuses = fresh()
    assert not scene.run(0.1).complete


def test_a_restored_job_is_given_time_for_its_idle_partitions(scene, monkeypatch):
    monkeypatch.setattr(completion, "_IDLE_AFTER_RESTORE_NS", 10**12)
    scene.statuses = fresh()
    assert not scene.run(0.1, was_restored=True).complete
    assert scene.run().complete


def test_windows_that_event_time_has_not_closed_are_waited_for(scene):
    scene.statuses = fresh()
    scene.watermarks = [END_MS - 1]
    found = scene.run(0.1)
    assert not found.complete
    assert "event time had not reached the end" in found.reason
    scene.statuses = fresh()
    scene.watermarks = [END_MS - 1, END_MS - 1, END_MS]
    assert scene.run().complete


def test_event_time_that_stands_still_is_not_waited_for_for_ever(scene, monkeypatch):
    """A figure of a task that was killed stayed among the others until the run was given up."""
    monkeypatch.setattr(completion, "_EVENT_TIME_STANDS_NS", 100_000_000)
    scene.statuses = fresh()
    scene.watermarks = [END_MS - 1]
    assert scene.run(timeout_s=5).complete


def test_where_flink_says_how_far_event_time_is_no_time_is_given_to_it(scene, monkeypatch):
    monkeypatch.setattr(completion, "_EVENT_TIME_BEHIND_NS", 10**12)
    scene.statuses = fresh()
    scene.watermarks = [END_MS]
    assert scene.run(was_restored=True).complete


def test_a_look_from_before_the_last_checkpoint_proves_nothing(scene):
    """Each is newer than the one before, and all are of the moment when all was covered."""

    def looks() -> Iterator[CollectStatus]:
        yield STATUS
        began_ns = time.monotonic_ns()
        for number in range(10**9):
            yield msgspec.structs.replace(STATUS, time_ns=began_ns + number)

    scene.statuses = looks()
    assert not scene.run(0.1).complete


def test_outputs_that_move_are_not_at_rest(scene):
    scene.statuses = (
        msgspec.structs.replace(STATUS, time_ns=time.monotonic_ns(), ends={"decisions": number})
        for number in range(10**9)
    )
    assert not scene.run(0.1).complete


@pytest.mark.parametrize("change", [{"complete": False}, {"open_transaction_records": 3}])
def test_a_reader_behind_or_an_open_transaction_is_no_rest(scene, change):
    scene.statuses = fresh(**change)
    found = scene.run(0.1)
    assert not found.complete
    assert "did not come to rest" in found.reason


def test_a_job_that_does_not_commit_is_nudged_and_the_reason_counts_what_is_left(scene):
    scene.covered = [4]
    scene.statuses = fresh()
    found = scene.run(0.1)
    assert not found.complete
    assert found.reason.startswith("the job had not finished 6 of 10 records")
    assert scene.nudges > 1


@pytest.mark.parametrize("error", [RestError("away"), KafkaException("away"), TimeoutError()])
def test_a_service_that_is_away_for_a_moment_is_asked_again(scene, error):
    scene.covered = [error, error, 10]
    scene.statuses = fresh()
    assert scene.run().complete


def test_a_job_that_ended_ends_the_wait(scene):
    scene.states = ["FAILED"]
    scene.statuses = fresh()
    found = scene.run(30)
    assert (found.complete, found.reason) == (False, "the job is FAILED")
