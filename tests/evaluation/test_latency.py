"""Latency from the intended send: 1,200 swipes, 10 ms uncommitted, 80 ms committed, 50 warm-up."""

import pytest

from evaluation.history import load_history
from evaluation.judges.latency import Latency
from evaluation.thresholds import load_thresholds

MS = 1_000_000
WARM_UP_SWIPES, OTHER_FATES = 50, 3
THRESHOLDS = load_thresholds()


def judged(recording):
    return Latency().judge(load_history(recording.write()), THRESHOLDS)


def figures(outcome):
    return {figure.name: figure.value for figure in outcome.result.figures}


def delay(recording, topic, view, by_ms, rows=slice(None)):
    for row in recording.rows(topic, view)[rows]:
        row["received_ns"] += by_ms * MS


def test_latency_is_counted_from_the_intended_send_in_both_views(recording):
    outcome = judged(recording)
    found = figures(outcome)
    assert outcome.result.verdict == "pass", outcome.result.reason
    assert found["uncommitted_p50"] == pytest.approx(10, rel=2e-3)
    assert found["committed_max"] == pytest.approx(80, rel=2e-3)
    assert found["uncommitted_p99_to_floor"] == pytest.approx(10 / (2**21 / MS), rel=5e-3)


def test_warm_up_does_not_count_and_is_reported_beside(recording):
    # All of the half second of warm-up is slow, 4% of the run.
    delay(recording, "decisions", "uncommitted", 400, slice(0, WARM_UP_SWIPES - OTHER_FATES))
    outcome = judged(recording)
    found = figures(outcome)
    assert outcome.result.verdict == "pass"
    assert found["uncommitted_samples"] == 1200 - WARM_UP_SWIPES
    assert found["uncommitted_p99_with_warm_up"] > 400


def test_a_swipe_due_at_the_end_of_the_warm_up_counts(recording):
    recording.manifest["warm_up_ms"] = 1000
    assert figures(judged(recording))["uncommitted_samples"] == 1100


@pytest.mark.parametrize(("view", "by_ms"), [("uncommitted", 60), ("committed", 150)])
def test_a_slow_job_on_a_quiet_machine_fails(recording, view, by_ms):
    delay(recording, "decisions", view, by_ms)
    outcome = judged(recording)
    assert outcome.result.verdict == "fail"
    assert outcome.result.reason.startswith(f"{view} p99 is")


def test_exactly_one_percent_may_be_slow(recording):
    recording.manifest["warm_up_ms"] = 2000  # 1,000 samples are left
    delay(recording, "decisions", "uncommitted", 500, slice(-10, None))
    assert judged(recording).result.verdict == "pass"
    delay(recording, "decisions", "uncommitted", 500, slice(-11, -10))
    assert judged(recording).result.verdict == "fail"


def test_a_late_decision_raises_the_longest(recording):
    delay(recording, "decisions", "uncommitted", 3000, slice(700, 701))
    outcome = judged(recording)
    assert outcome.result.verdict == "pass"
    assert figures(outcome)["uncommitted_max"] == pytest.approx(3010, rel=2e-3)


def test_decisions_that_never_came_are_infinitely_late(recording):
    for _ in range(13):
        recording.drop("decisions", 800, ("uncommitted", "committed"))
    outcome = judged(recording)
    found = figures(outcome)
    assert outcome.result.verdict == "fail"
    assert found["uncommitted_p99"] == "infinite"
    assert found["uncommitted_never_came"] == 13


def test_one_that_never_came_makes_only_the_longest_infinite(recording):
    recording.drop("decisions", 800, ("uncommitted", "committed"))
    outcome = judged(recording)
    assert outcome.result.verdict == "pass"
    assert figures(outcome)["committed_max"] == "infinite"


def test_a_slow_machine_never_excuses_what_never_came(recording):
    recording.run["machine"]["steal_share"] = 0.5
    for _ in range(13):
        recording.drop("decisions", 800, ("uncommitted", "committed"))
    assert judged(recording).result.verdict == "fail"


def test_a_failing_latency_on_a_stolen_machine_is_inconclusive(recording):
    recording.run["machine"]["steal_share"] = 0.3
    delay(recording, "decisions", "uncommitted", 60)
    outcome = judged(recording)
    assert outcome.result.verdict == "inconclusive"
    assert "30% of the CPU was taken away" in outcome.result.reason


def test_a_passing_latency_on_a_stolen_machine_passes(recording):
    recording.run["machine"]["steal_share"] = 0.3
    assert judged(recording).result.verdict == "pass"


def test_a_failing_latency_over_a_slow_floor_is_inconclusive(recording):
    for row in recording.floor:
        row["received_ns"] = row["sent_ns"] + 60 * MS
    delay(recording, "decisions", "uncommitted", 60)
    outcome = judged(recording)
    assert outcome.result.verdict == "inconclusive"
    assert "a plain Kafka round trip took 60 ms" in outcome.result.reason


def test_a_slow_floor_outside_the_measured_window_excuses_nothing(recording):
    for row in recording.floor[:20]:  # all of the half second of warm-up
        row["received_ns"] = row["sent_ns"] + 900 * MS
    delay(recording, "decisions", "uncommitted", 60)
    assert judged(recording).result.verdict == "fail"


def test_a_handful_of_round_trips_is_no_floor(recording):
    del recording.floor[60:]
    outcome = judged(recording)
    assert outcome.result.verdict == "pass"
    assert figures(outcome)["floor_p50"] is None
    assert "uncommitted_p99_to_floor" not in figures(outcome)


def test_a_failing_latency_without_a_floor_is_inconclusive(recording):
    recording.without.add("floor.parquet")
    delay(recording, "decisions", "uncommitted", 60)
    assert "no floor was measured" in judged(recording).result.reason


def test_a_sender_behind_its_schedule_is_inconclusive(recording):
    for row in recording.sends:
        row["actual_ns"] += 10 * MS
    outcome = judged(recording)
    assert outcome.result.verdict == "inconclusive"
    assert "p99 slip of 11.0 ms" in outcome.result.reason


def test_another_speed_than_real_time_is_inconclusive(recording):
    recording.manifest["speedup"] = 10.0
    outcome = judged(recording)
    assert outcome.result.verdict == "inconclusive"
    assert "speedup 10" in outcome.result.reason


def lose_over_one_percent(recording):
    for _ in range(13):
        recording.drop("decisions", 800, ("uncommitted", "committed"))


def make_slow(recording):
    delay(recording, "decisions", "uncommitted", 600)


@pytest.mark.parametrize("breaks", [make_slow, lose_over_one_percent])
def test_a_sender_behind_its_schedule_lets_no_latency_fail(recording, breaks):
    breaks(recording)
    for row in recording.sends:
        row["actual_ns"] += 10 * MS
    outcome = judged(recording)
    assert outcome.result.verdict == "inconclusive"
    assert outcome.result.figure("uncommitted_p99").verdict == "inconclusive"


@pytest.mark.parametrize("breaks", [make_slow, lose_over_one_percent])
def test_another_speed_than_real_time_lets_no_latency_fail(recording, breaks):
    breaks(recording)
    recording.manifest["speedup"] = 10.0
    outcome = judged(recording)
    assert outcome.result.verdict == "inconclusive"
    assert outcome.result.figure("uncommitted_p99").verdict == "inconclusive"


@pytest.mark.parametrize("complete", [False, None])
def test_what_never_came_in_a_run_cut_short_is_inconclusive(recording, complete):
    recording.job["complete"] = complete
    lose_over_one_percent(recording)
    outcome = judged(recording)
    assert figures(outcome)["uncommitted_p99"] == "infinite"
    assert outcome.result.verdict == "inconclusive"
    assert "13 decisions had not come" in outcome.result.reason


def test_a_slow_latency_in_a_run_cut_short_is_inconclusive_while_outputs_are_missing(recording):
    recording.job["complete"] = False
    make_slow(recording)
    assert judged(recording).result.verdict == "fail"
    recording.drop("decisions", 800, ("uncommitted", "committed"))
    assert judged(recording).result.verdict == "inconclusive"


def test_a_p99_of_999_samples_is_inconclusive(record):
    recording = record(1000 + WARM_UP_SWIPES)
    assert judged(recording).result.verdict == "pass"
    few = record(999 + WARM_UP_SWIPES, name="few")
    outcome = judged(few)
    assert outcome.result.verdict == "inconclusive"
    assert "999 samples, a p99 needs 1,000" in outcome.result.reason


def test_a_p999_without_its_samples_is_left_out(recording):
    figure = judged(recording).result.figure("uncommitted_p999")
    assert figure.value is None
    assert figure.note == "needs 10,000 samples, there are 1,150"


def test_other_fates_do_not_count_for_the_verdict(recording):
    recording.manifest["warm_up_ms"] = 0
    for topic in ("late-swipes", "dead-letters"):
        delay(recording, topic, "uncommitted", 900)
    found = figures(judged(recording))
    assert found["uncommitted_samples"] == 1200 - OTHER_FATES
    assert found["uncommitted_max"] == pytest.approx(10, rel=2e-3)
    assert found["uncommitted_p99_other_fates"] == pytest.approx(910, rel=2e-3)


def test_without_an_oracle_other_fates_are_known_by_their_outputs(recording):
    recording.without.add("expected.parquet")
    recording.manifest["warm_up_ms"] = 0
    recording.drop("decisions", 800, ("uncommitted", "committed"))
    found = figures(judged(recording))
    assert found["uncommitted_samples"] == 1200 - OTHER_FATES
    assert found["uncommitted_never_came"] == 1


def test_the_first_receipt_of_a_repeated_decision_counts(recording):
    row = recording.rows("decisions", "committed")[800]
    recording.emit("decisions", row["value"], row["partition"], due_ms=60_000)
    assert figures(judged(recording))["uncommitted_max"] == pytest.approx(10, rel=2e-3)


def test_latency_over_time_shows_the_second_that_was_slow(recording):
    slow = recording.rows("decisions", "committed")
    start = min(row["received_ns"] for row in slow) - 80 * MS
    for row in slow:
        if 5000 * MS <= row["received_ns"] - 80 * MS - start < 6000 * MS:
            row["received_ns"] += 40 * MS
    table = judged(recording).tables["latency_by_second"].to_pylist()
    by_second = {row["second"]: row for row in table if row["view"] == "committed"}
    assert by_second[5]["p99_ms"] == pytest.approx(120)
    assert by_second[4]["p99_ms"] == by_second[6]["p99_ms"] == pytest.approx(80)
    assert by_second[5]["samples"] == 100


def test_the_latency_is_split_where_the_sink_says_when_it_wrote(recording):
    found = figures(judged(recording))
    assert found["split_send_to_kafka_p50"] == pytest.approx(3, rel=2e-3)
    assert found["split_kafka_to_sink_p50"] == pytest.approx(5, rel=2e-3)
    assert found["split_sink_to_reader_p50"] == pytest.approx(2, rel=2e-3)
    assert found["split_commit_wait_p50"] == pytest.approx(70, rel=2e-3)


def test_an_event_time_is_not_taken_for_the_moment_of_writing(recording):
    for row in recording.rows("decisions"):
        row["record_time_ms"] = int(row["value"].split(b'"event_time_ms":')[1][:13])
    outcome = judged(recording)
    assert figures(outcome)["split_kafka_to_sink_p50"] is None
    assert figures(outcome)["split_commit_wait_p50"] == pytest.approx(70, rel=2e-3)


@pytest.mark.parametrize("file", ["sends.parquet", "observed.parquet"])
def test_without_sends_or_outputs_nothing_can_be_known(recording, file):
    recording.without.add(file)
    assert judged(recording).result.verdict == "inconclusive"


def waited_out(recording, from_swipe, by_ms, *, restamped):
    """The sender sends nothing for a while, and all that follows comes so much later."""
    for row in recording.sends[from_swipe:]:
        for name in ("actual_ns", "delivered_ns", *(["intended_ns"] if restamped else [])):
            row[name] += by_ms * MS
    for view in ("uncommitted", "committed"):
        delay(recording, "decisions", view, by_ms, slice(from_swipe, None))


def test_a_sender_on_the_schedule_of_the_replay_says_so(recording):
    outcome = judged(recording)
    assert figures(outcome)["off_schedule"] == 0


def test_a_sender_that_waits_for_the_job_and_restamps_its_schedule_is_noticed(recording):
    waited_out(recording, 600, 2000, restamped=True)
    outcome = judged(recording)
    found = figures(outcome)
    assert found["uncommitted_p99"] == pytest.approx(10, rel=2e-3)  # no latency shows the stall
    assert found["slip_p99"] == pytest.approx(1, rel=2e-3)
    assert found["off_schedule"] == 600
    assert outcome.result.verdict == "inconclusive"
    assert "the furthest by 2,000 ms" in outcome.result.reason


def test_a_sender_that_waits_and_admits_it_is_behind_its_schedule(recording):
    waited_out(recording, 600, 2000, restamped=False)
    found = figures(judged(recording))
    assert found["off_schedule"] == 0
    assert found["slip_p99"] == pytest.approx(2001, rel=2e-3)


def test_a_schedule_that_began_when_nobody_says_is_fitted(recording):
    recording.without.add("sends.json")
    assert figures(judged(recording))["off_schedule"] == 0


def test_records_of_the_schedule_that_were_never_sent_count(recording):
    recording.schedule += [{"index": n, "due_us": n * 10_000} for n in (1200, 1201)]
    outcome = judged(recording)
    assert figures(outcome)["off_schedule"] == 2
    assert "2 never" in outcome.result.reason


def test_without_the_replay_the_schedule_is_not_known_and_proves_nothing(recording):
    recording.without.add("records.parquet")
    outcome = judged(recording)
    assert figures(outcome)["off_schedule"] is None
    assert outcome.result.verdict == "pass"
