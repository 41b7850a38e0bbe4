"""Restarts and failed commits."""

import pytest

from evaluation.autoscaling.record import AUTOSCALING_FILE, Autoscaling, write_autoscaling
from evaluation.evaluate import evaluate
from evaluation.history import load_history
from evaluation.judges.stability import Stability
from evaluation.thresholds import load_thresholds


def judged(recording, **job):
    recording.job |= job
    return Stability().judge(load_history(recording.write()), load_thresholds()).result


def test_a_job_that_ran_through_passes(recording):
    assert judged(recording).verdict == "pass"


def test_a_restart_that_nobody_asked_for_fails(recording):
    assert judged(recording, restarts=1).verdict == "fail"


def test_a_restart_after_a_fault_on_purpose_is_reported(recording):
    recording.run["settings"] = {"fault": "taskmanager_kill"}
    result = judged(recording, restarts=1)
    assert result.verdict == "pass"
    assert result.figure("restarts").value == 1


def test_a_job_that_goes_on_restarting_after_a_fault_fails(recording):
    recording.run["settings"] = {"fault": "taskmanager_kill"}
    assert judged(recording, restarts=50).verdict == "fail"


def test_a_failed_commit_fails_even_after_a_fault(recording):
    recording.run["settings"] = {"fault": "taskmanager_kill"}
    assert judged(recording, failed_commits=1).verdict == "fail"


@pytest.mark.parametrize("unknown", ["restarts", "failed_commits"])
def test_what_was_not_recorded_is_inconclusive(recording, unknown):
    assert judged(recording, **{unknown: None}).verdict == "inconclusive"


def test_a_fault_takes_latency_and_throughput_out_of_the_verdict(recording):
    recording.run["settings"] = {"fault": "taskmanager_kill"}
    results = evaluate(recording.write())
    assert {r.judge for r in results.judges if r.decides} == {"delivery", "stability"}


def scale(recording, *applied_s: float) -> None:
    record = Autoscaling(decided_by="a test", peak_s=(4.0, 8.0), applied_s=list(applied_s))
    (recording.folder / "history").mkdir(parents=True, exist_ok=True)
    write_autoscaling((recording.folder / "history") / AUTOSCALING_FILE, record)


def test_a_job_may_restart_as_often_as_it_was_scaled(recording):
    scale(recording, 10.0, 20.0)
    assert judged(recording, restarts=2).verdict == "pass"
    assert judged(recording, restarts=3).verdict == "fail"


def test_a_scaled_job_that_restarts_takes_latency_out_of_the_verdict(recording):
    scale(recording, 10.0)
    results = evaluate(recording.write())
    assert {r.judge for r in results.judges if r.decides} == {"delivery", "stability"}


def test_a_damaged_record_of_scaling_is_named(recording):
    scale(recording)
    ((recording.folder / "history") / AUTOSCALING_FILE).write_text("{")
    results = evaluate(recording.write())
    assert any(AUTOSCALING_FILE in problem for problem in results.problems)
