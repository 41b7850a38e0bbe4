"""A card's swipes come together in outings that a person could make."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.realism.checks.burstiness import burstiness
from generator.mixing import I64
from generator.outings import (
    FOLLOWING_LEAST_MS,
    FOLLOWING_MEAN_MS,
    FOLLOWING_SHARE,
    OUTING_SWIPES,
    follow_outings,
    outing_gaps,
)

DAY_MS = 86_400_000
CARDS = 4_000
DAYS = 60


@pytest.fixture(scope="module")
def drawn() -> tuple[I64, I64, I64]:
    """Times, cards drawn independently, and the same in outings: one swipe a day and card."""
    rng = np.random.default_rng(8)
    time_ms = np.sort(rng.integers(0, DAYS * DAY_MS, CARDS * DAYS))
    alone = rng.integers(0, CARDS, len(time_ms))
    return time_ms, alone, follow_outings(rng, alone, time_ms)


def gaps_of(time_ms: I64, number: I64) -> list[np.ndarray]:
    order = np.lexsort((time_ms, number))
    edges = np.flatnonzero(np.diff(number[order])) + 1
    return [np.diff(times) for times in np.split(time_ms[order], edges)]


def test_as_many_swipes_follow_as_asked_for(drawn: tuple[I64, I64, I64]) -> None:
    _, alone, together = drawn
    # One that is followed already, and one past the longest outing, begin anew.
    share = (alone != together).mean()
    assert 0.6 * FOLLOWING_SHARE < share < FOLLOWING_SHARE


def test_no_card_is_drawn_more_often_on_average(drawn: tuple[I64, I64, I64]) -> None:
    _, _, together = drawn
    halves = np.bincount(together < CARDS // 2)
    assert halves[0] == pytest.approx(halves[1], rel=0.03)


def test_people_act_in_bursts_and_independent_draws_do_not(drawn: tuple[I64, I64, I64]) -> None:
    time_ms, alone, together = drawn
    means = [
        np.mean([burstiness(gaps) for gaps in gaps_of(time_ms, number) if len(gaps) > 20])
        for number in (alone, together)
    ]
    assert means[0] == pytest.approx(0.0, abs=0.03)
    assert 0.2 < means[1] < 0.4


def test_nobody_is_at_two_tills_at_once(drawn: tuple[I64, I64, I64]) -> None:
    time_ms, alone, together = drawn
    shorter = [
        np.mean(np.concatenate(gaps_of(time_ms, number)) < FOLLOWING_LEAST_MS)
        for number in (alone, together)
    ]
    # What is closer is chance, as without outings.
    assert shorter[1] < shorter[0] + 0.003


def test_an_outing_has_an_end(drawn: tuple[I64, I64, I64]) -> None:
    time_ms, _, together = drawn
    longest = 0
    for gaps in gaps_of(time_ms, together):
        run = 1
        for gap_ms in gaps.tolist():
            run = run + 1 if gap_ms < FOLLOWING_MEAN_MS else 1
            longest = max(longest, run)
    # Two outings may meet by chance.
    assert longest <= 2 * OUTING_SWIPES


def test_what_would_follow_one_before_the_first_stays_as_it_was() -> None:
    number = np.arange(50)
    times = np.arange(50) * 1_000
    assert np.array_equal(follow_outings(np.random.default_rng(1), number, times), number)


@pytest.mark.parametrize("per_day", [0.3, 1.0, 4.0])
def test_the_past_has_as_many_swipes_a_day_as_the_card(per_day: float) -> None:
    gaps = outing_gaps(np.random.default_rng(3), np.full(2_000, per_day), 60)
    assert 1.0 / gaps[:, 1:].mean() == pytest.approx(per_day, rel=0.05)
