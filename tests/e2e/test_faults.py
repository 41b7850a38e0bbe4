"""Is nothing lost and nothing repeated, whatever breaks, and is what broke proven to have broken?

The flood of poison is quick; the others, the sequence and the moves by savepoint are slow.
"""

from __future__ import annotations

from typing import Any

import pytest

from evaluation.fault_record import FAULTS_FILE, read_faults
from workbench.fault_plan import FLOODS
from workbench.plan import JobPlan

pytestmark = pytest.mark.stack

#: Long enough for the transaction to hold many records when the fault comes.
CHECKPOINT_INTERVAL_MS = 1_000
RATE = {"rate_per_min": 48_000, "duration_s": 15, "warm_up_s": 5}
#: Cards that swipe again within seconds: only in their counts would a lost update show.
SCENARIO = {"scenario": "velocity_burst", "difficulty": "easy", "incidents": 200}
COUNTS = ("missing", "repeated", "unexpected", "different", "out_of_order", "ledger_wrong")


def hold(run_it: Any, fault: str, **changes: Any) -> None:
    run, evaluation = run_it(
        job=JobPlan(checkpoint_interval_ms=CHECKPOINT_INTERVAL_MS),
        fault=fault,
        **RATE | SCENARIO | changes,
    )
    faults = read_faults(run / "history" / FAULTS_FILE)
    assert [each.proves_nothing_because() for each in faults] == [None] * len(faults)
    assert [each.fault for each in faults] == fault.split(",")
    delivery = {figure.name: figure.value for figure in evaluation.judge("delivery").figures}
    assert {name: delivery[name] for name in COUNTS} == dict.fromkeys(COUNTS, 0)
    assert delivery["ledger_cards_again"] > 0
    assert evaluation.verdict.value == "pass", evaluation.verdict.reason


def test_a_burst_of_poison_troubles_nobody(run_it: Any) -> None:
    hold(run_it, "poison_burst")


@pytest.mark.slow
@pytest.mark.parametrize("fault", sorted(FLOODS.keys() - {"poison_burst"}))
def test_a_flood_troubles_nobody(run_it: Any, fault: str) -> None:
    hold(run_it, fault)


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    [
        "kafka_kill",
        "kafka_pause",
        "taskmanager_pause",
        "disk_full",
        "kill_during_commit",
        "upgrade",
    ],
)
def test_nothing_is_lost_or_repeated(run_it: Any, fault: str) -> None:
    hold(run_it, fault, duration_s=25)


@pytest.mark.slow
def test_one_fault_after_the_other(run_it: Any) -> None:
    hold(run_it, "kafka_pause,taskmanager_kill,kill_during_commit", duration_s=60)
