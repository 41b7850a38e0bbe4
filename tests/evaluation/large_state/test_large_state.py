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
    Peak,
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


def page_columns(results: LargeState) -> list[dict[str, str]]:
    """Each row of the page's tables by its headings."""
    tables: list[list[list[str]]] = [[]]
    for line in markdown(results).splitlines():
        if line.startswith("| "):
            tables[-1].append(line.strip("| ").split(" | "))
        elif tables[-1]:
            tables.append([])
    return [dict(zip(table[0], row, strict=True)) for table in tables if table for row in table[2:]]


def test_each_phase_is_held_against_the_promise_on_its_own() -> None:
    sentence = sentences(LargeState(recoveries=[recovery(), LOCAL]))[0]
    restore, state, running, outage = sentence.partition(": ")[2].split("; ")
    assert "98% less (50.0 times: 20 reached, 95% faster holds)" in state
    assert "89% less (9.1 times: 20 not reached, 95% faster does not hold)" in restore
    assert "82% less (95% faster does not hold)" in running
    assert "does not hold" in outage


@pytest.mark.parametrize(
    ("local_ms", "said"),
    [(5_500, "20.0 times: 20 reached"), (5_510, "19.9 times: 20 not reached")],
)
def test_the_goal_is_of_the_whole_restore_phase_and_a_near_miss_is_not_rounded_to_it(
    local_ms: int, said: str
) -> None:
    local = recovery(origin="local copy", times_ms={"restore": local_ms, "state": 1})
    found = sentences(LargeState(recoveries=[recovery(), local]))[0]
    assert said in found
    assert "100,000 times: 20 reached" in found


def test_why_the_restore_phase_gains_less_than_the_state_is_said_in_seconds() -> None:
    (why,) = (
        each for each in sentences(LargeState(recoveries=[recovery(), LOCAL])) if "Why" in each
    )
    assert "Python's start in the task is in it" in why
    assert "10.0 s of the restore from the object store and 10.0 s of that from the local" in why
    blank = recovery(origin="local copy", times_ms={"restore": 12_000})
    assert not any("Why" in each for each in sentences(LargeState(recoveries=[recovery(), blank])))


def test_what_a_warm_spare_saves_stands_beside_what_was_done_about_the_rest() -> None:
    alone = recovery(times_ms={"deploy": 9_450, "restore": 37_310, "state": 32_700})
    times = {"deploy": 460, "restore": 32_980, "state": 32_590}
    spare = recovery(has_spare=True, times_ms=times)
    found = sentences(LargeState(recoveries=[alone, LOCAL, spare]))[-1]
    assert "What was done to shorten the rest: " in found
    assert "tasks were in place after 0.46 s where without one it took 9.45" in found
    assert "their restore took 0.4 s, not 4.6" in found
    (without,) = (each for each in sentences(LargeState(recoveries=[alone, LOCAL]))[-1:])
    assert "What was done to shorten the rest: " in without
    assert "stands by" not in without


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
    sentence = sentences(LargeState(recoveries=[recovery(), blank]))[0]
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


def test_a_zero_stands_with_what_it_leaves_plausible() -> None:
    quiet = msgspec.structs.replace(LOST, missing=0, repeated=0, expected=30_000)
    steady = msgspec.structs.replace(STEADY, in_peace=quiet)
    assert "0 / 0 of 30,000 (below 1.0e-04)" in markdown(LargeState(steady=[steady]))


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
    # A row for the size, and two for each kill.
    assert len(page_columns(results)) == 1 + 2 * 2


def test_what_is_left_of_a_recovery_is_said_by_its_parts() -> None:
    local = {"running": 43_250, "detection": 330, "deploy": 22_340, "restore": 20_340, "state": 310}
    pair = [recovery(), recovery(origin="local copy", times_ms=local)]
    left = next(each for each in sentences(LargeState(recoveries=pair)) if "left of" in each)
    assert "What is left of 43.25 s: 0.33 s until it was noticed, 22.34 s until tasks" in left
    assert "20.03 s for Python" in left
    # Of a part that was not measured nothing is made up.
    del local["deploy"]
    assert not any("left of" in each for each in sentences(LargeState(recoveries=pair)))


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
    found = recoveries_of(made, faults, state_bytes=1, has_spare=False)
    assert [each.fault for each in found] == ["jobmanager_kill", "taskmanager_kill"]
    assert all(each.missing == 0 and each.expected > 0 for each in found)


def test_a_kill_says_what_the_card_ledger_showed(recording: Any) -> None:
    made = evaluate(recording.write())
    faults = [FaultRecord(fault="taskmanager_kill", remote_bytes=5, local_bytes=7)]
    (found,) = recoveries_of(made, faults, state_bytes=1, has_spare=False)
    names = ("ledger_wrong", "ledger_cards", "ledger_cards_again")
    figures = [made.figure("delivery", name) for name in names]
    assert [getattr(found, name) for name in names] == [
        None if each is None else each.value for each in figures
    ]
    assert (found.remote_bytes, found.local_bytes) == (5, 7)


def test_the_page_says_how_much_a_kill_could_have_shown() -> None:
    shown = {"ledger_wrong": 0, "ledger_cards": 42_772, "ledger_cards_again": 670}
    one = recovery(**shown, remote_bytes=10**10, local_bytes=0, unexpected=2)
    row = page_columns(LargeState(recoveries=[one]))[-1]
    assert (row["ledger"], row["again"], row["unexpected"]) == ("0 of 42,772", "670", "2")
    assert (row["from the store"], row["from local copies"]) == ("10.00 GB", "0.00 MB")


def test_what_old_results_do_not_say_of_a_kill_is_a_question_mark() -> None:
    row = page_columns(LargeState(recoveries=[recovery(unexpected=None)]))[-1]
    names = ("ledger", "again", "unexpected", "from the store", "from local copies")
    assert [row[name] for name in names] == ["?"] * len(names)


@pytest.mark.parametrize(
    ("peak", "said"),
    [
        (Peak(disk_bytes=34_120_000_000, memory_bytes=7_960_000_000),
         "peak: 34.1 GB on disk, 8.0 GB of memory"),
        (None, "peak: ? GB on disk, ? GB of memory"),
    ],
)  # fmt: skip
def test_terminal_and_page_say_what_it_took_at_most(peak: Peak | None, said: str) -> None:
    results = LargeState(recoveries=[recovery()], peak=peak)
    console = Console(file=io.StringIO(), width=300)
    print_large_state(results, console)
    assert said in console.file.getvalue()  # type: ignore[attr-defined]
    assert f"- {said}" in markdown(results).splitlines()


def test_a_local_copy_that_was_not_used_is_not_called_one(recording: Any) -> None:
    """A TaskManager that had given up its copy fetched 10 GB from the store, and nobody said so."""
    made = evaluate(recording.write())
    faults = [
        FaultRecord(fault="taskmanager_kill", remote_bytes=10**10, local_bytes=0),
        FaultRecord(fault="taskmanager_kill", remote_bytes=10**3, local_bytes=10**10),
        FaultRecord(fault="taskmanager_kill"),
        FaultRecord(fault="taskmanager_kill", remote_bytes=0, local_bytes=0),
    ]
    found = recoveries_of(made, faults, state_bytes=1, has_spare=False)
    assert [each.origin for each in found] == ["object store", "local copy", "unknown", "unknown"]


def test_where_a_state_came_from_unknown_no_promise_is_judged() -> None:
    results = LargeState(recoveries=[recovery(), recovery(origin="unknown", verdict="fail")])
    assert results.pairs() == []
    assert results.judged[1].run == "taskmanager_kill, restored from where is unknown"


def test_a_job_that_keeps_up_has_no_capacity_to_tell(recording: Any) -> None:
    assert not drain_rate(recording.write())[1]
