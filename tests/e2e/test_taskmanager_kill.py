"""Is nothing lost and nothing repeated when the machine of a TaskManager dies, and would we notice?

The same run has the broker stop and go on before: of the faults those that take the least time.

time ------ swipes at a constant rate ------------------------------------------------>
            checkpoint   checkpoint   | kill -9        restored      checkpoints
                                  [ open transaction ]   [ the same swipes again ]
committed reader:  sees each once; what stood in the open transaction is aborted, and comes again
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evaluation.fault_record import FAULTS_FILE, OPEN_RECORDS_MIN, FaultRecord, read_faults
from job.contracts import WINDOW_KINDS
from workbench.plan import JobPlan

pytestmark = pytest.mark.stack

#: Long enough for the transaction to hold many records when the kill comes.
CHECKPOINT_INTERVAL_MS = 1_000
RATE = {"rate_per_min": 48_000, "duration_s": 15, "warm_up_s": 5}


def fault_records(run: Path) -> list[FaultRecord]:
    return read_faults(run / "history" / FAULTS_FILE)


def figures(evaluation: Any) -> dict[str, Any]:
    return {figure.name: figure.value for figure in evaluation.judge("delivery").figures}


def test_exactly_once_loses_and_repeats_nothing(run_it: Any) -> None:
    run, evaluation = run_it(
        job=JobPlan(checkpoint_interval_ms=CHECKPOINT_INTERVAL_MS, windows=",".join(WINDOW_KINDS)),
        fault="kafka_pause,taskmanager_kill",
        **RATE | {"duration_s": 25},
    )
    faults = fault_records(run)
    assert [each.fault for each in faults] == ["kafka_pause", "taskmanager_kill"]
    for fault in faults:
        assert fault.proves_nothing_because() is None
        assert fault.landed
        assert fault.checkpoints_before >= 1
        assert fault.checkpoints_after >= 1
        assert fault.open_transaction_records >= OPEN_RECORDS_MIN
    assert evaluation.judge("delivery").verdict == "pass", evaluation.judge("delivery").reason
    assert figures(evaluation)["missing"] == 0
    assert figures(evaluation)["repeated"] == 0
    # Nor is a window lost, written twice or left with half of its swipes.
    assert figures(evaluation)["expected_windows"] > 0
    for wrong in ("missing", "repeated", "unexpected", "different"):
        assert figures(evaluation)[f"windows_{wrong}"] == 0
    # What the aborted transaction had shown to those who read uncommitted.
    assert figures(evaluation)["phantoms"] > 0


def test_the_same_kill_with_an_at_least_once_sink_is_seen_to_repeat(run_it: Any) -> None:
    """The negative control: were it not for the transactions, the judge would say so."""
    run, evaluation = run_it(
        job=JobPlan(checkpoint_interval_ms=CHECKPOINT_INTERVAL_MS, sink_guarantee="at-least-once"),
        fault="taskmanager_kill",
        **RATE,
    )
    assert fault_records(run)[0].landed
    assert figures(evaluation)["missing"] == 0
    assert figures(evaluation)["repeated"] > 0
    assert evaluation.judge("delivery").verdict == "fail"
    assert evaluation.verdict.value == "fail"
