"""Do the counts of a run go on when another JobManager begins to count anew?"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from stack.flink_rest import CheckpointCounts, Checkpoints
from workbench.job_watch import JobWatch


class Rest:
    """Says of the job what it is told to."""

    def __init__(self) -> None:
        self.counts = CheckpointCounts(0, 0, 0, 0, 0)
        self.numbered = 0

    def checkpoints(self, _job_id: str) -> Checkpoints:
        return Checkpoints(self.counts)

    def exceptions(self, _job_id: str) -> tuple[()]:
        return ()

    def restarts(self, _job_id: str) -> int:
        return self.numbered

    def say(self, completed: int, failed: int, restarts: int, in_progress: int = 1) -> None:
        total = completed + failed + in_progress
        self.counts = CheckpointCounts(total, in_progress, completed, failed, min(restarts, 1))
        self.numbered = restarts


def watched(*said: tuple[int, int, int]) -> Any:
    rest = Rest()
    watch = JobWatch(SimpleNamespace(rest=rest), "job", transactional=False)  # type: ignore[arg-type]
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
