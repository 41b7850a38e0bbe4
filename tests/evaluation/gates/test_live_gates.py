"""Do the gates on runs catch what they must, and nothing else? Three runs of 1,200 swipes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from evaluation.gates.against import Reference
from evaluation.gates.baseline import Measured
from evaluation.gates.live_gates import live_figures, live_gates, live_settings

MS = 1_000_000
NONE = Reference(None, "no baseline: `store it`")
PROMISES = ("missing", "repeated", "different", "other_judges", "uncommitted_p99")


def judged(repetitions: Any, profile: Any, compared_with: Reference = NONE) -> dict[str, Any]:
    return {gate.name: gate for gate in live_gates(repetitions, profile, compared_with)}


def stored(repetitions: Any, **more: Any) -> Reference:
    figures = live_figures(repetitions) | more
    return Reference(
        Measured(
            measured_at="2026-01-01",
            commit="abc",
            dirty=False,
            machine={},
            versions={},
            settings=live_settings(repetitions),
            source=[],
            figures=figures,
        ),
        "",
    )


def slower(recording: Any, by_ms: int) -> None:
    for row in recording.rows("decisions", "uncommitted"):
        row["received_ns"] += by_ms * MS


def test_honest_runs_keep_every_promise(repeat: Any, profile: Any) -> None:
    gates = judged(repeat(), profile)
    assert {name: gates[name].verdict for name in PROMISES} == dict.fromkeys(PROMISES, "pass")
    assert gates["uncommitted_p99"].value == pytest.approx(10.0)
    assert "2 repetitions" in gates["uncommitted_p99"].note
    assert gates["missing"].value == 0
    assert "of 3,6" in gates["missing"].note


def on_a_stack(jit: str) -> Any:
    def change(recording: Any) -> None:
        recording.run["stack"] = {"jit": jit}

    return change


def test_runs_whose_jvms_compile_otherwise_are_not_compared(repeat: Any, profile: Any) -> None:
    quick, full = (live_settings(repeat(on_a_stack(jit))[2:]) for jit in ("quick", "full"))
    assert (quick["stack.jit"], full["stack.jit"]) == ("quick", "full")
    before = stored(repeat(on_a_stack("full"))[2:]).measured
    assert before is not None
    here = msgspec.structs.replace(before, settings=quick)
    assert here.incomparable(before, timed=True) == "stack.jit full, here quick"


def test_relative_gates_without_a_baseline_say_what_to_run(repeat: Any, profile: Any) -> None:
    gates = judged(repeat(), profile)
    for name in ("committed_p99", "taskmanager_cpu"):
        assert (gates[name].verdict, gates[name].note) == ("inconclusive", NONE.missing)
        assert gates[name].value > 0


@pytest.mark.parametrize(
    ("name", "break_it"),
    [
        ("missing", lambda run: run.drop("decisions", 50, ("uncommitted", "committed"))),
        ("repeated", lambda run: run.emit("decisions", run.rows("decisions")[50]["value"])),
        (
            "different",
            lambda run: run.change(
                "decisions",
                50,
                run.rows("decisions", "committed")[50]["value"].replace(b"0.0", b"0.1"),
            ),
        ),
    ],
)
def test_one_fault_in_one_run_fails_its_promise(
    name: str, break_it: Any, repeat: Any, profile: Any
) -> None:
    gate = judged(repeat(break_it), profile)[name]
    assert (gate.verdict, gate.value) == ("fail", 1), gate
    assert "run-2" in gate.note


def test_a_fault_in_a_run_whose_times_do_not_count_fails_too(repeat: Any, profile: Any) -> None:
    runs = repeat(lambda run: run.drop("decisions", 50, ("uncommitted", "committed")))
    warm_up = runs[2]._replace(counts=False, series=None)
    assert judged([warm_up, *runs[:2]], profile)["missing"].verdict == "fail"


def test_what_another_judge_fails_keeps_the_gates_shut(repeat: Any, profile: Any) -> None:
    runs = repeat(lambda run: run.job.update(restarts=2))
    gate = judged(runs, profile)["other_judges"]
    assert (gate.verdict, gate.value) == ("fail", 1)
    assert "stability failed in run-2" in gate.note


def test_decisions_beyond_the_promise_fail_it(repeat: Any, profile: Any) -> None:
    gate = judged(repeat(lambda run: slower(run, 150)), profile)["uncommitted_p99"]
    assert gate.verdict == "fail"
    assert gate.low > 100.0


@pytest.mark.parametrize(
    ("disturb", "said"),
    [
        (lambda run: run.run.update(machine={"steal_share": 0.2}), "20% of the CPU"),
        (lambda run: run.run.update(machine={}), "unknown part of the CPU"),
        (
            lambda run: [row.update(received_ns=row["sent_ns"] + 80 * MS) for row in run.floor],
            "80 ms",
        ),
        (
            lambda run: [row.update(actual_ns=row["intended_ns"] + 30 * MS) for row in run.sends],
            "30 ms",
        ),
        (lambda run: run.job.update(complete=False), "did not end completely"),
    ],
)
@pytest.mark.parametrize("by_ms", [0, 150])
def test_a_disturbed_machine_leaves_every_time_undecided(
    disturb: Any, said: str, by_ms: int, repeat: Any, profile: Any
) -> None:
    def change(run: Any) -> None:
        disturb(run)
        slower(run, by_ms)

    gates = judged(repeat(change), profile)
    for name in ("uncommitted_p99", "committed_p99", "uncommitted_p50_to_floor", "taskmanager_cpu"):
        assert gates[name].verdict == "inconclusive"
        assert said in gates[name].note


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("samples_beyond", 1_000, "samples, 100,000 needed"),
        ("blocks_min", 500, "blocks, 500 needed"),
    ],
)
def test_too_little_leaves_a_percentile_undecided(
    field: str, value: int, said: str, repeat: Any, profile: Any
) -> None:
    bounds = msgspec.structs.replace(profile.latency, **{field: value})
    gate = judged(repeat(), msgspec.structs.replace(profile, latency=bounds))["uncommitted_p99"]
    assert gate.verdict == "inconclusive"
    assert said in gate.note


def test_too_few_repetitions_leave_a_percentile_undecided(repeat: Any, profile: Any) -> None:
    runs = msgspec.structs.replace(profile.runs, repetitions_min=5)
    gate = judged(repeat(), msgspec.structs.replace(profile, runs=runs))["uncommitted_p99"]
    assert gate.verdict == "inconclusive"
    assert "2 repetitions, 5 needed" in gate.note


def test_a_swipe_that_costs_twice_as_much_fails(repeat: Any, profile: Any) -> None:
    runs = repeat(lambda run: run.job.update(cpu_s={"taskmanager": 3.03}))
    same = judged(runs, profile, stored(runs))["taskmanager_cpu"]
    assert same.verdict == "pass"
    half = [value / 2 for value in live_figures(runs)["taskmanager_cpu"]]
    dearer = judged(runs, profile, stored(runs, taskmanager_cpu=half))["taskmanager_cpu"]
    assert dearer.verdict == "fail"
    assert dearer.value == pytest.approx(2 * dearer.baseline)
    assert dearer.threshold == pytest.approx(1.2 * dearer.baseline)
