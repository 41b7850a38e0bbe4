from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evaluation.autoscaling.outcome import Outcome, judge_autoscaling, rescalings
from evaluation.autoscaling.record import (
    Autoscaling,
    Decision,
    Sample,
    VertexChange,
    read_autoscaling,
    write_autoscaling,
)

BASE, PEAK = 100.0, 300.0


def decision(at_s: float, before: int, after: int) -> Decision:
    change = VertexChange(
        name="judge by card",
        before=before,
        after=after,
        load=0.62,
        target_per_s=500.0,
        capacity_per_s=806.0,
    )
    quiet = VertexChange(name="windows", before=before, after=after, load=0.05)
    return Decision(at_s=at_s, before=before, after=after, changes=(quiet, change))


def sample(at_s: int, **changes: Any) -> Sample:
    """Up at 75 s after a restart of 5 s with a lag; down at 150 s after one of 4 s."""
    restarting = 70 <= at_s < 75 or 146 <= at_s < 150
    values: dict[str, Any] = {
        "offered_per_s": PEAK if 60 <= at_s < 140 else BASE,
        "lag": 1_500 if 72 <= at_s < 90 else 90,
        "busy": None if restarting else 0.4,
        "parallelism": 2 if 75 <= at_s < 150 else 1,
        "running": not restarting,
    }
    return Sample(at_s=float(at_s), **(values | changes))


def scaled(**changes: Any) -> Autoscaling:
    samples = [sample(at_s, **changes) for at_s in range(1, 200)]
    return Autoscaling(
        decided_by="a test",
        peak_s=(60.0, 140.0),
        samples=samples,
        decisions=[decision(69.5, 1, 2), decision(145.2, 2, 1)],
        applied_s=[69.6, 145.3],
    )


def verdicts(outcome: Outcome) -> dict[str, str]:
    return {each.question: each.verdict for each in outcome.answers}


def test_a_job_that_follows_its_load_passes_and_the_answers_say_when() -> None:
    outcome = judge_autoscaling(scaled())
    assert outcome.verdict.value == "pass"
    up, caught_up, down = (each.words for each in outcome.answers)
    assert up == "from 1 to 2; 2 was decided at 70 s, ran 6 s later"
    assert caught_up == "at most 1,500 swipes behind, at 72 s; back at 90 s (90)"
    assert down == "to 1, reached at 150 s"


def test_how_long_each_rescaling_took() -> None:
    found = [(each.from_s, each.to_s, each.before, each.after) for each in rescalings(scaled())]
    assert found == [(69.5, 75.0, 1, 2), (145.2, 150.0, 2, 1)]


def test_a_job_that_was_never_scaled_fails_and_tells_the_last_note() -> None:
    record = scaled(parallelism=1, running=True)
    record.decisions.clear()
    outcome = judge_autoscaling(record)
    assert verdicts(outcome) == {
        "scaled up": "fail",
        "caught up": "inconclusive",
        "scaled down": "inconclusive",
    }
    assert outcome.verdict.value == "fail"
    words = outcome.answers[0].words
    assert "busy at 40% at most: more would take a lower" in words


def test_what_was_scaled_up_before_the_load_grew_proves_nothing() -> None:
    record = scaled()
    record.peak_s = (80.0, 140.0)
    outcome = judge_autoscaling(record)
    assert verdicts(outcome)["scaled up"] == "inconclusive"
    assert "before the load grew" in outcome.verdict.reason


def test_what_was_scaled_down_before_the_load_fell_proves_nothing() -> None:
    record = scaled()
    record.peak_s = (60.0, 160.0)
    assert verdicts(judge_autoscaling(record))["scaled down"] == "inconclusive"


def test_a_lag_that_stays_fails() -> None:
    record = scaled()
    record.samples = [
        sample(int(each.at_s), lag=5_000) if each.at_s > 72 else each for each in record.samples
    ]
    assert verdicts(judge_autoscaling(record))["caught up"] == "fail"


def test_a_lag_that_is_gone_only_after_it_was_scaled_down_fails() -> None:
    record = scaled()
    record.samples = [
        sample(int(each.at_s), lag=5_000 if 72 < each.at_s < 160 else 90) for each in record.samples
    ]
    assert verdicts(judge_autoscaling(record))["caught up"] == "fail"


def test_a_job_that_stays_large_fails() -> None:
    record = scaled()
    record.decisions.pop()
    record.samples = [each for each in record.samples if each.at_s < 146]
    outcome = judge_autoscaling(record)
    assert verdicts(outcome)["scaled down"] == "fail"
    assert "still busy at 40%: give it longer" in outcome.answers[2].words


@pytest.mark.parametrize("samples", [[], [Sample(at_s=1.0, parallelism=1)]])
def test_a_job_that_was_never_seen_running_proves_nothing(samples: list[Sample]) -> None:
    record = Autoscaling(decided_by="a test", peak_s=(60.0, 140.0), samples=samples)
    assert judge_autoscaling(record).verdict.value == "inconclusive"


def test_an_unknown_lag_proves_nothing() -> None:
    assert verdicts(judge_autoscaling(scaled(lag=None)))["caught up"] == "inconclusive"


def test_the_reason_is_that_of_the_busiest_chain() -> None:
    found = decision(69.5, 1, 2)
    assert found.words == "parallelism 1 to 2"
    assert found.reason == "judge by card: busy 62%, 500/s to process, 806/s at most"


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    write_autoscaling(tmp_path / "autoscaling.json", scaled())
    assert read_autoscaling(tmp_path / "autoscaling.json") == scaled()
    assert read_autoscaling(tmp_path / "other.json") is None
