"""What do the figures of a large state say of the promise, and how do they read?"""

from __future__ import annotations

import io
from typing import Any

import msgspec
import pytest
from rich.console import Console

from evaluation.evaluate import evaluate
from evaluation.fault_record import FaultRecord
from evaluation.large_state.capacity import drain_rate
from evaluation.large_state.page import markdown, print_large_state, sentences
from evaluation.large_state.results import (
    Broken,
    Delivered,
    LargeState,
    Recovery,
    Steady,
    Written,
    delivered_of,
    recoveries_of,
    steady_of,
)


def recovery(**changes: Any) -> Recovery:
    known: dict[str, Any] = {
        "fault": "taskmanager_kill",
        "state_bytes": 10**10,
        "origin": "object store",
        "has_spare": False,
        "verdict": "pass",
        "reason": "held",
        "times_ms": {
            "state": 100_000,
            "restore": 110_000,
            "running": 120_000,
            "committed_outage": 121_000.0,
        },
        "expected": 500,
        "missing": 0,
        "repeated": 0,
        "unexpected": 0,
    }
    return Recovery(**(known | changes))


HELD = Delivered(
    verdict="pass",
    reason="delivery, stability: all held",
    expected=500,
    missing=0,
    repeated=0,
    unexpected=0,
)
LOST = msgspec.structs.replace(HELD, verdict="fail", reason="delivery: 50 missing", missing=50)
BROKE = Broken(
    run="taskmanager_kill, object store",
    state_bytes=10**10,
    reason="the run broke: the job did not come to run [/tmp/log]",
)
STEADY = Steady(
    state_bytes=10**10,
    cards=1_000,
    fill_s=60.0,
    full=Written(bytes=10**10, duration_ms=90_000.0),
    incremental=Written(bytes=1_500_000, duration_ms=310.0),
    incremental_count=30,
    latencies_ms={"uncommitted_p50": 20.0, "committed_p99": None},
    rate_per_s=4_000.0,
    verdict="pass",
    reason="",
    in_peace=HELD,
    overloaded=HELD,
)
LOCAL = recovery(
    origin="local copy",
    times_ms={"state": 2_000, "restore": 12_000, "running": 22_000, "committed_outage": 23_000.0},
)


def test_each_phase_is_held_against_the_promise_on_its_own() -> None:
    (sentence,) = sentences(LargeState(recoveries=[recovery(), LOCAL]))
    state, restore, running, outage = sentence.partition(": ")[2].split("; ")
    assert "100.00 s to 2.00 s, 98% less (95% faster holds, 50 times" in state
    assert "89% less (95% faster does not hold)" in restore
    assert "82% less (95% faster does not hold)" in running
    assert "does not hold" in outage


def test_only_like_is_compared_with_like() -> None:
    for other in (
        recovery(origin="local copy", has_spare=True),
        recovery(origin="local copy", state_bytes=10**9),
        recovery(origin="local copy", fault="jobmanager_kill"),
        recovery(),
    ):
        assert sentences(LargeState(recoveries=[recovery(), other]))[0].startswith("Not measured")


def test_what_was_not_measured_is_said() -> None:
    blank = recovery(origin="local copy", times_ms={"restore": None, "running": "infinite"})
    (sentence,) = sentences(LargeState(recoveries=[recovery(), blank]))
    assert sentence.count("not measured") == 4


def test_what_did_not_pass_is_said_with_its_reason() -> None:
    found = sentences(LargeState(recoveries=[recovery(verdict="fail", reason="2 missing"), LOCAL]))
    assert found[0] == "taskmanager_kill, object store: fail, 2 missing."
    assert "98% less" in found[1]


def test_the_worst_run_is_the_verdict() -> None:
    assert LargeState(recoveries=[recovery()]).exit_code == 0
    assert LargeState(recoveries=[recovery(), recovery(verdict="fail")]).exit_code == 1
    assert LargeState(recoveries=[recovery()], broken=[BROKE]).exit_code == 3
    assert LargeState().exit_code == 3


def test_peace_alone_passes_where_nothing_was_lost() -> None:
    verdict = LargeState(steady=[STEADY]).verdict
    assert (verdict.value, verdict.reason) == ("pass", "all runs held")


@pytest.mark.parametrize("run", ["in_peace", "overloaded"])
def test_what_is_lost_without_a_kill_is_a_failure_and_stands_on_the_page(run: str) -> None:
    steady = msgspec.structs.replace(STEADY, **{run: LOST})
    results = LargeState(steady=[steady], recoveries=[recovery()])
    assert results.exit_code == 1
    page = markdown(results)
    assert "50 / 0 of 500: fail" in page
    assert f"- {run.replace('_', ' ')} at 10.00 GB: fail, delivery: 50 missing." in page


def test_a_latency_over_its_bound_decides_nothing() -> None:
    late = msgspec.structs.replace(STEADY, verdict="fail", reason="latency: too late")
    assert LargeState(steady=[late]).exit_code == 0


def test_a_broken_run_stands_on_the_page_with_its_reason() -> None:
    results = LargeState(recoveries=[recovery()], broken=[BROKE])
    console = Console(file=io.StringIO(), width=300)
    print_large_state(results, console)
    for text in (console.file.getvalue(), markdown(results)):  # type: ignore[attr-defined]
        assert (
            "taskmanager_kill, object store at 10.00 GB: inconclusive, the run broke: the job did "
            "not come to run [/tmp/log]." in text
        )


def test_a_rate_that_nobody_measured_is_not_said_to_be_one_that_was_kept_up_with() -> None:
    kept_up = msgspec.structs.replace(STEADY, rate_per_s=None)
    assert "not overloaded" in markdown(LargeState(steady=[kept_up]))
    broke = msgspec.structs.replace(kept_up, overloaded=None)
    assert "not overloaded" not in markdown(LargeState(steady=[broke]))


def test_results_from_before_deliveries_were_kept_can_be_read() -> None:
    """They say nothing of what was lost in peace, so that decides nothing."""
    stored = msgspec.to_builtins(LargeState(steady=[STEADY], recoveries=[recovery()]))
    del stored["broken"], stored["steady"][0]["in_peace"], stored["steady"][0]["overloaded"]
    old = msgspec.json.decode(msgspec.json.encode(stored), type=LargeState)
    assert old.exit_code == 0
    assert "10.00 GB in 90.00 s" in markdown(old)
    old.recoveries = []
    assert old.exit_code == 3


def test_terminal_and_page_hold_every_measurement() -> None:
    results = LargeState(steady=[STEADY], recoveries=[recovery(), LOCAL], facts={"commit": "abc"})
    console = Console(file=io.StringIO(), width=300)
    print_large_state(results, console)
    for text in (console.file.getvalue(), markdown(results)):  # type: ignore[attr-defined]
        for words in (
            "10.00 GB in 90.00 s",
            "1.50 MB in 0.31 s",
            "local copy",
            "4,000",
            "98% less",
        ):
            assert words in text
    rows = [line for line in markdown(results).splitlines() if line.startswith("|")]
    assert len(rows) == 3 + 4
    assert all(row.count(" | ") == rows[0].count(" | ") for row in rows[:3:2])


def test_what_is_left_of_a_recovery_is_said_by_its_parts() -> None:
    local = {"running": 43_250, "detection": 330, "deploy": 22_340, "restore": 20_340, "state": 310}
    pair = [recovery(), recovery(origin="local copy", times_ms=local)]
    (_, left) = sentences(LargeState(recoveries=pair))
    assert "What is left of 43.25 s: 0.33 s until it was noticed, 22.34 s until tasks" in left
    assert "20.03 s for Python" in left
    # Of a part that was not measured nothing is made up.
    del local["deploy"]
    assert len(sentences(LargeState(recoveries=pair))) == 1


def test_a_table_without_rows_is_left_out() -> None:
    page = markdown(LargeState(recoveries=[recovery()]))
    assert "## While nothing breaks" not in page
    assert "## After a kill, seconds" in page


def test_the_first_checkpoint_is_the_full_one(recording: Any) -> None:
    made = evaluate(recording.write())
    checkpoints = [
        {"id": n, "status": status, "savepoint": False, "duration_ms": 10 * n,
         "state_size_bytes": 5_000, "checkpointed_bytes": size}
        for n, status, size in [(4, "COMPLETED", 30), (1, "FAILED", 7), (2, "COMPLETED", 5_000),
                                (3, "COMPLETED", 10)]
    ]  # fmt: skip
    found = steady_of(made, checkpoints, state_bytes=5_000, cards=1, fill_s=1.0)
    assert found.full == Written(bytes=5_000, duration_ms=20.0)
    assert found.incremental == Written(bytes=20, duration_ms=35.0)
    assert (found.state_bytes, found.incremental_count) == (5_000, 2)
    assert steady_of(made, [], state_bytes=5_000, cards=1, fill_s=1.0).full is None


def test_what_a_run_in_peace_delivered_is_judged_without_its_times(recording: Any) -> None:
    made = evaluate(recording.write())
    judges = [
        msgspec.structs.replace(each, verdict="fail", reason="late") for each in made.judges
        if each.judge in ("latency", "throughput")
    ]  # fmt: skip
    rest = [each for each in made.judges if each.judge not in ("latency", "throughput")]
    late = msgspec.structs.replace(made, judges=[*judges, *rest])
    found = delivered_of(late)
    assert (found.verdict, found.missing, found.repeated) == ("pass", 0, 0)
    assert found.expected > 0
    assert steady_of(late, [], state_bytes=1, cards=1, fill_s=1.0).in_peace == found
    for name in ("delivery", "stability"):
        worse = [
            msgspec.structs.replace(each, verdict="fail") if each.judge == name else each
            for each in made.judges
        ]
        assert delivered_of(msgspec.structs.replace(made, judges=worse)).verdict == "fail"


def test_a_kill_says_what_was_lost(recording: Any) -> None:
    made = evaluate(recording.write())
    faults = [FaultRecord(fault="jobmanager_kill"), FaultRecord(fault="taskmanager_kill")]
    found = recoveries_of(made, faults, state_bytes=1, origin="local copy", has_spare=False)
    assert [each.fault for each in found] == ["jobmanager_kill", "taskmanager_kill"]
    assert all(each.missing == 0 and each.expected > 0 for each in found)


def test_a_local_copy_that_was_not_used_is_not_called_one(recording: Any) -> None:
    """A TaskManager that had given up its copy fetched 10 GB from the store, and nobody said so."""
    made = evaluate(recording.write())
    faults = [
        FaultRecord(fault="taskmanager_kill", remote_bytes=10**10, local_bytes=0),
        FaultRecord(fault="taskmanager_kill", remote_bytes=10**3, local_bytes=10**10),
        FaultRecord(fault="taskmanager_kill"),
    ]
    found = recoveries_of(made, faults, state_bytes=1, origin="local copy", has_spare=False)
    assert [each.origin for each in found] == ["object store", "local copy", "local copy"]


def test_a_job_that_keeps_up_has_no_capacity_to_tell(recording: Any) -> None:
    assert not drain_rate(recording.write())[1]
