"""What is taken for the calm load, and which target follows from it?"""

from __future__ import annotations

import pytest

from evaluation.autoscaling.record import Sample
from workbench.scaling_target import CALM_S, boundary_of, calm_busy, target_of


def sample(at_s: float, busy: float | None) -> Sample:
    return Sample(at_s=at_s, busy=busy)


def test_only_the_last_seconds_count_and_of_those_what_was_seen() -> None:
    seen = [sample(0.0, 1.0), sample(100.0 - CALM_S, 0.2), sample(99.0, None), sample(100.0, 0.4)]
    assert calm_busy(seen) == pytest.approx(0.3)


def test_where_nothing_was_seen_nobody_knows() -> None:
    assert calm_busy([]) is None
    assert calm_busy([sample(1.0, None)]) is None


def test_two_tasks_fit_below_the_target_at_the_calm_load_and_one_does_not_at_the_tripled() -> None:
    for busy in (0.01, 0.3, 0.4):
        target = target_of(busy)
        boundary = boundary_of(target)
        assert 2.07 * busy < target < target + boundary < 2.4 * busy


def test_there_is_room_above_every_target_for_what_makes_the_job_grow() -> None:
    for busy in (0.01, 0.3, 0.9, 1.0):
        target = target_of(busy)
        boundary = boundary_of(target)
        assert 0 < boundary < target < target + boundary < 1


def test_a_task_that_was_never_busy_was_not_looked_at() -> None:
    assert calm_busy([sample(1.0, 0.0)]) is None
