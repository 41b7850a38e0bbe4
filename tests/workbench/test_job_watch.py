"""Do the counts of a run go on when another JobManager begins to count anew?"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from stack.flink_answers import CheckpointCounts, Checkpoints, JobException
from workbench.job_watch import JobWatch


class Rest:
    """Says of the job what it is told to."""

    def __init__(self) -> None:
        self.counts = CheckpointCounts(0, 0, 0, 0, 0)
        self.numbered = 0
        self.failures: tuple[JobException, ...] = ()

    def checkpoints(self, _job_id: str) -> Checkpoints:
        return Checkpoints(self.counts)

    def exceptions(self, _job_id: str) -> tuple[JobException, ...]:
        return self.failures

    def restarts(self, _job_id: str) -> int:
        return self.numbered

    def say(self, completed: int, failed: int, restarts: int, in_progress: int = 1) -> None:
        total = completed + failed + in_progress
        self.counts = CheckpointCounts(total, in_progress, completed, failed, min(restarts, 1))
        self.numbered = restarts


def watched_by(rest: Rest) -> JobWatch:
    return JobWatch(
        SimpleNamespace(rest=rest),  # type: ignore[arg-type]
        SimpleNamespace(id="job"),  # type: ignore[arg-type]
        transactional=False,
    )


def watched(*said: tuple[int, int, int]) -> Any:
    rest = Rest()
    watch = watched_by(rest)
    for each in said:
        rest.say(*each)
        watch.read()
    return watch


def test_one_jobmanager_s_counts_are_taken_as_they_are() -> None:
    watch = watched((10, 1, 0), (20, 2, 1))
    assert (watch.restarts, watch.takeovers) == (1, 0)
    assert watch.checkpoint_counts["completed"] == 20
    assert watch.checkpoint_counts["failed"] == 2


def test_what_was_counted_before_a_takeover_is_added_and_it_is_a_restart() -> None:
    watch = watched((100, 3, 1), (5, 0, 0), (40, 1, 2))
    assert watch.takeovers == 1
    assert watch.checkpoint_counts["completed"] == 140
    assert watch.checkpoint_counts["failed"] == 4
    # 1 before, 1 by the takeover, 2 after it.
    assert watch.restarts == 4


def test_a_checkpoint_under_way_at_the_takeover_is_not_under_way_for_ever() -> None:
    watch = watched((100, 0, 0), (5, 0, 0))
    assert watch.checkpoint_counts["in_progress"] == 1


def test_a_restart_that_flink_no_longer_counts_was_one_all_the_same() -> None:
    """As a TaskManager dies, its REST loses the count for a while, and then tells 0."""
    assert watched((10, 0, 0), (20, 0, 1), (30, 0, 0)).restarts == 1


def test_a_failure_was_followed_by_a_restart_even_where_flink_never_counted_it() -> None:
    rest = Rest()
    watch = watched_by(rest)
    rest.say(10, 0, 0)
    watch.read()
    rest.failures = (JobException("Lost", "Lost: a TaskManager", 1_000),)
    rest.say(20, 0, 0)
    watch.read()
    assert watch.restarts == 1
