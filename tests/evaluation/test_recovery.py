"""What a reader saw of a fault: a run made by hand, swipes every 10 ms, committed after 80 ms."""

import msgspec
import pytest

from evaluation.fault_record import FAULTS_FILE, FaultRecord, write_faults
from evaluation.history import load_history
from evaluation.judges.delivery import Delivery
from evaluation.judges.recovery import Recovery
from evaluation.judges.stability import Stability
from evaluation.thresholds import load_thresholds

from .conftest import START_NS, START_WALL_MS

#: Of a run of 12 s, after its warm-up of 500 ms.
INVOKED_MS = 1_500
OUTAGE_MS = 700


def fault(**changes):
    known = {
        "fault": "taskmanager_kill",
        "landed": True,
        "invoked_ms": START_WALL_MS + INVOKED_MS,
        "noticed_ms": START_WALL_MS + INVOKED_MS + 120,
        "running_ms": START_WALL_MS + INVOKED_MS + 600,
        "invoked_monotonic_ns": START_NS + INVOKED_MS * 1_000_000,
        "deploy_ms": 40,
        "restore_ms": 300,
        "checkpoints_before": 3,
        "checkpoints_after": 2,
        "open_transaction_records": 150,
    }
    return FaultRecord(**(known | changes))


def hold_back(recording, *, outage_ms=OUTAGE_MS, for_good=False):
    """What would have come during the outage comes at its end, or never."""
    start_ns = START_NS + INVOKED_MS * 1_000_000
    end_ns = start_ns + outage_ms * 1_000_000
    held = [row for row in recording.observed if start_ns <= row["received_ns"] < end_ns]
    for row in held:
        if for_good:
            recording.observed.remove(row)
        else:
            row["received_ns"] = end_ns


def judged(recording, *faults):
    recording.run["settings"] = {"fault": "taskmanager_kill"}
    folder = recording.write()
    write_faults(folder / "history" / FAULTS_FILE, list(faults))
    return Recovery().judge(load_history(folder), load_thresholds()).result


def value(result, name, prefix="taskmanager_kill_"):
    return result.figure(prefix + name).value


def test_nothing_broken_is_nothing_to_say(recording):
    result = Recovery().judge(load_history(recording.write()), load_thresholds()).result
    assert (result.verdict, result.figures) == ("pass", [])


def test_the_outage_is_the_longest_time_without_a_decision(recording):
    hold_back(recording)
    result = judged(recording, fault())
    assert result.verdict == "pass"
    # The last decision before came at most 10 ms before the fault.
    assert OUTAGE_MS <= value(result, "committed_outage") <= OUTAGE_MS + 10
    assert "calm before: 10 ms" in result.figure("taskmanager_kill_committed_outage").note


def test_the_phases_are_those_that_were_recorded(recording):
    hold_back(recording)
    result = judged(recording, fault())
    assert [value(result, name) for name in ("detection", "deploy", "restore", "running")] == [
        120, 40, 300, 600,
    ]  # fmt: skip
    assert OUTAGE_MS <= value(result, "recovery") <= OUTAGE_MS + 40


def test_what_of_the_restore_was_the_state_stands_beside_it(recording):
    hold_back(recording)
    parts = {"download_ms": 200, "load_ms": 30, "remote_bytes": 4_000_000, "local_bytes": 0}
    figure = judged(recording, fault(**parts)).figure("taskmanager_kill_state")
    assert figure.value == 230
    assert "fetched in 200 ms, opened in 30 ms; 4.0 MB from the store" in figure.note


def test_what_flink_did_not_say_of_the_state_is_not_zero(recording):
    hold_back(recording)
    assert value(judged(recording, fault()), "state") is None


def test_latency_counts_from_the_intended_send_during_the_outage(recording):
    hold_back(recording)
    result = judged(recording, fault())
    assert value(result, "committed_p99_before") == 80
    assert value(result, "committed_p99_during") >= OUTAGE_MS - 20
    assert value(result, "committed_p99_after") == 80


def test_what_the_next_fault_held_up_is_not_after_the_first(recording):
    first = fault(fault="kafka_pause", invoked_monotonic_ns=START_NS + 1_000_000_000)
    hold_back(recording)
    result = judged(recording, first, fault())
    assert value(result, "committed_p99_after", "1_kafka_pause_") == 80
    assert value(result, "committed_p99_during", "2_taskmanager_kill_") >= OUTAGE_MS - 20


def test_what_never_came_is_infinitely_late(recording):
    hold_back(recording, for_good=True)
    result = judged(recording, fault())
    assert value(result, "committed_p99_during") == "infinite"


def test_a_job_that_does_not_catch_up_is_inconclusive(recording):
    hold_back(recording, outage_ms=12_000, for_good=True)
    result = judged(recording, fault())
    assert result.verdict == "inconclusive"
    assert "did not catch up" in result.reason
    assert value(result, "recovery") is None


def test_a_fault_that_nobody_notices_takes_no_time(recording):
    result = judged(recording, fault(noticed_ms=None))
    assert value(result, "recovery") == 0
    assert value(result, "detection") is None


def test_faults_that_were_not_brought_about_are_inconclusive(recording):
    result = judged(recording, FaultRecord(fault="taskmanager_kill", failure="nobody there"))
    assert result.verdict == "inconclusive"


def test_several_faults_are_told_apart_by_their_number(recording):
    second = fault(fault="kafka_pause", invoked_monotonic_ns=START_NS + 2_500_000_000)
    hold_back(recording)
    result = judged(recording, fault(), second)
    assert value(result, "committed_outage", "1_taskmanager_kill_") >= OUTAGE_MS
    assert value(result, "committed_outage", "2_kafka_pause_") <= 20


def test_an_outage_that_the_next_fault_meets_lasts_up_to_there_at_least(recording):
    second = fault(
        fault="kafka_pause", invoked_monotonic_ns=START_NS + (INVOKED_MS + 500) * 1_000_000
    )
    hold_back(recording)
    result = judged(recording, fault(), second)
    assert value(result, "committed_outage", "1_taskmanager_kill_") >= 500
    assert value(result, "committed_outage", "2_kafka_pause_") >= OUTAGE_MS


def test_a_damaged_record_of_faults_is_named(recording):
    folder = recording.write()
    (folder / "history" / FAULTS_FILE).write_bytes(b"[{")
    assert any(FAULTS_FILE in problem for problem in load_history(folder).problems)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"failure": "no TaskManager"}, "was not brought about"),
        ({"landed": False, "evidence": ["still runs"]}, "did not land: still runs"),
        ({"checkpoints_before": 0}, "0 checkpoints completed before"),
        ({"checkpoints_after": 0}, "and 0 after it"),
        ({"open_transaction_records": 99}, "99 records stood in the open transaction"),
    ],
)
def test_a_fault_that_proves_nothing_says_why(changes, reason):
    assert reason in fault(**changes).proves_nothing_because()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"transactional": False, "open_transaction_records": 0},
        {"needs_open_records": False, "open_transaction_records": 0},
    ],
)
def test_a_fault_that_hit_something_proves_it(changes):
    assert fault(**changes).proves_nothing_because() is None


@pytest.mark.parametrize(
    ("changes", "promised", "reason"),
    [
        ({"open_transaction_records": 99}, 99, "99 promised records waited for one, and 99 stood"),
        ({"open_transaction_records": 0}, None, "0 promised records waited for one"),
        ({"open_transaction_records": 0}, 100, None),
        ({"open_transaction_records": 100}, 0, None),
        ({"open_transaction_records": 0, "transactional": False}, 0, None),
        ({"open_transaction_records": 0, "may_restart": False}, 0, None),
    ],
)
def test_a_fault_aimed_at_a_commit_must_have_hit_one(changes, promised, reason):
    missed = fault(needs_open_records=False, **changes).hit_nothing_because(promised)
    assert missed is None if reason is None else reason in missed
    assert fault(open_transaction_records=0).hit_nothing_because(promised) is None


def test_a_run_whose_fault_hit_no_commit_proves_nothing(recording):
    recording.run["settings"] = {"fault": "kill_during_commit"}
    folder = recording.write()
    missed = fault(needs_open_records=False, open_transaction_records=0)
    write_faults(folder / "history" / FAULTS_FILE, [missed])
    result = Delivery().judge(load_history(folder), load_thresholds()).result
    assert result.verdict == "inconclusive"
    assert "hit no commit" in result.reason


def stability(recording, faults, **job):
    recording.run["settings"] = {"fault": "some"}
    recording.job |= job
    folder = recording.write()
    write_faults(folder / "history" / FAULTS_FILE, faults)
    return Stability().judge(load_history(folder), load_thresholds()).result


def test_each_fault_may_cause_its_restarts(recording):
    assert stability(recording, [fault(), fault()], restarts=6).verdict == "pass"
    assert stability(recording, [fault(), fault()], restarts=7).verdict == "fail"


def test_no_input_may_restart_the_job(recording):
    assert stability(recording, [fault(may_restart=False)], restarts=1).verdict == "fail"


def test_what_a_restored_job_commits_again_is_reported(recording):
    result = stability(recording, [fault()], restarts=1, failed_commits=1)
    assert result.verdict == "pass"
    assert result.figure("failed_commits").value == 1


def test_what_is_written_is_what_is_read(tmp_path):
    write_faults(tmp_path / FAULTS_FILE, [fault()])
    assert msgspec.json.decode((tmp_path / FAULTS_FILE).read_bytes())[0]["restore_ms"] == 300
