"""100 swipes a second for 12 seconds, the first half second is warm-up."""

import pytest

from evaluation.history import load_history
from evaluation.judges.throughput import Throughput
from evaluation.thresholds import load_thresholds

MS = 1_000_000


def judged(recording):
    return Throughput().judge(load_history(recording.write()), load_thresholds())


def figures(outcome):
    return {figure.name: figure.value for figure in outcome.result.figures}


def test_a_job_that_keeps_up_passes(recording):
    outcome = judged(recording)
    found = figures(outcome)
    assert outcome.result.verdict == "pass", outcome.result.reason
    assert found["offered_rate"] == pytest.approx(100, rel=0.01)
    assert found["achieved_rate"] == pytest.approx(100, rel=0.01)
    assert found["promised_rate"] == 100
    assert found["backlog_growth"] == pytest.approx(0, abs=0.1)


def test_a_job_that_takes_ever_longer_fails_by_its_backlog(recording):
    for row in recording.rows("decisions", "uncommitted"):
        since_start_ns = row["received_ns"] - 10 * MS - 1_000_000_000_000
        row["received_ns"] += since_start_ns // 20  # 5% slower than offered
    outcome = judged(recording)
    assert outcome.result.verdict == "fail"
    assert figures(outcome)["backlog_growth"] == pytest.approx(100 * (1 - 1 / 1.05), rel=0.05)
    assert "the backlog grew by 5 records/s" in outcome.result.reason


def test_a_stall_that_is_made_good_does_not_fail_by_its_backlog(recording):
    for row in recording.rows("decisions", "uncommitted"):
        due_ns = row["received_ns"] - 1_000_000_000_000
        if 5000 * MS < due_ns < 7000 * MS:
            row["received_ns"] = 1_000_000_000_000 + 7000 * MS
    outcome = judged(recording)
    assert outcome.result.verdict == "pass"
    assert figures(outcome)["backlog_max"] >= 145


def test_outputs_that_never_came_lower_the_achieved_rate(recording):
    lost = {id(row) for row in recording.rows("decisions", "uncommitted")[100:400]}
    recording.observed = [row for row in recording.observed if id(row) not in lost]
    outcome = judged(recording)
    assert outcome.result.verdict == "fail"
    assert "of 100 swipes/s came out" in outcome.result.reason


def test_a_repeated_output_does_not_count_twice(recording):
    before = figures(judged(recording))["achieved_rate"]
    for row in recording.rows("decisions", "uncommitted")[200:300]:
        recording.emit("decisions", row["value"], row["partition"], due_ms=6000)
    assert figures(judged(recording))["achieved_rate"] == before


def test_a_short_window_is_inconclusive(record):
    outcome = judged(record(600))
    assert outcome.result.verdict == "inconclusive"
    assert "5.5 s is shorter than 10 s" in outcome.result.reason


def test_in_a_short_window_what_is_still_on_its_way_is_no_failure(record):
    few = record(60)
    few.manifest["warm_up_ms"] = 0
    for row in few.rows("decisions", "uncommitted"):
        row["received_ns"] += 1_000 * MS
    outcome = judged(few)
    assert figures(outcome)["achieved_rate"] < 10  # what is not on decisions was not held back
    assert outcome.result.verdict == "inconclusive"


def test_a_run_that_is_all_warm_up_is_inconclusive(recording):
    recording.manifest["warm_up_ms"] = 60_000
    assert judged(recording).result.verdict == "inconclusive"


def test_the_lag_on_kafka_is_reported_with_its_slope(recording):
    recording.lag = [
        {
            "time_ns": 1_000_000_000_000 + second * 1_000 * MS,
            "end_offset_sum": second * 100,
            "read_offset_sum": second * 93,
        }
        for second in range(1, 12)
    ]
    found = figures(judged(recording))
    assert found["kafka_lag_growth"] == pytest.approx(7)
    assert found["kafka_lag_max"] == 77


@pytest.mark.parametrize("file", ["sends.parquet", "observed.parquet"])
def test_without_sends_or_outputs_nothing_can_be_known(recording, file):
    recording.without.add(file)
    assert judged(recording).result.verdict == "inconclusive"


def slow_sender(recording, slip_ms=40):
    for row in recording.sends[::50]:
        row["actual_ns"] += slip_ms * MS


def lose(recording, count):
    lost = {id(row) for row in recording.rows("decisions", "uncommitted")[100 : 100 + count]}
    recording.observed = [row for row in recording.observed if id(row) not in lost]


def test_a_small_shortfall_on_a_disturbed_machine_is_inconclusive(recording):
    lose(recording, 30)
    slow_sender(recording)
    outcome = judged(recording)
    assert outcome.result.verdict == "inconclusive"
    assert "swipes/s came out, but the sender ran" in outcome.result.reason


def test_a_large_shortfall_fails_whatever_the_machine(recording):
    lose(recording, 300)
    slow_sender(recording)
    assert judged(recording).result.verdict == "fail"


def test_a_disturbed_machine_alone_is_no_matter(recording):
    slow_sender(recording)
    assert judged(recording).result.verdict == "pass"
