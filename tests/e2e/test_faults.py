"""Is nothing lost and nothing repeated, whatever breaks, and is what broke proven to have broken?

All of it is slow. The regular tests have the kill (`test_taskmanager_kill`), and unreadable records
one at a time (`test_parity_with_oracle`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evaluation.fault_record import FAULTS_FILE, FaultRecord, read_faults
from workbench.fault_plan import FLOODS, RANDOM, RANDOM_COUNT
from workbench.plan import JobPlan
from workbench.revision import extract_job, version_before

pytestmark = [pytest.mark.stack, pytest.mark.slow]

#: Long enough for the transaction to hold many records when the fault comes.
CHECKPOINT_INTERVAL_MS = 1_000
RATE = {"rate_per_min": 48_000, "duration_s": 15, "warm_up_s": 5}
#: Cards that swipe again within seconds: only in their counts would a lost update show.
SCENARIO = {"scenario": "velocity_burst", "difficulty": "easy", "incidents": 200}
COUNTS = ("missing", "repeated", "unexpected", "different", "out_of_order", "ledger_wrong")


def hold(
    run_it: Any, fault: str, code_root: Path | None = None, **changes: Any
) -> list[FaultRecord]:
    """Run it, and require that each fault was proven and did no harm."""
    run, evaluation = run_it(
        job=JobPlan(checkpoint_interval_ms=CHECKPOINT_INTERVAL_MS, code_root=code_root),
        fault=fault,
        **RATE | SCENARIO | changes,
    )
    faults = read_faults(run / "history" / FAULTS_FILE)
    assert [each.proves_nothing_because() for each in faults] == [None] * len(faults)
    if fault != RANDOM:
        assert [each.fault for each in faults] == fault.split(",")
    delivery = {figure.name: figure.value for figure in evaluation.judge("delivery").figures}
    assert {name: delivery[name] for name in COUNTS} == dict.fromkeys(COUNTS, 0)
    assert delivery["ledger_cards_again"] > 0
    assert evaluation.verdict.value == "pass", evaluation.verdict.reason
    return faults


@pytest.mark.parametrize("fault", sorted(FLOODS))
def test_a_flood_troubles_nobody(run_it: Any, fault: str) -> None:
    hold(run_it, fault)


@pytest.mark.parametrize(
    "fault",
    [
        "kafka_kill",
        "kafka_pause",
        "taskmanager_pause",
        "disk_full",
        "kill_during_commit",
    ],
)
def test_nothing_is_lost_or_repeated(run_it: Any, fault: str) -> None:
    hold(run_it, fault, duration_s=25)


def test_one_fault_after_the_other(run_it: Any) -> None:
    hold(run_it, "kafka_pause,taskmanager_kill,kill_during_commit", duration_s=60)


@pytest.mark.parametrize(
    "fault", ["jobmanager_kill", "zookeeper_kill", "s3_outage", "taskmanager_kill", "rescale"]
)
def test_nothing_is_lost_or_repeated_where_another_stands_by(
    run_with_standby: Any, fault: str
) -> None:
    hold(run_with_standby, fault, duration_s=35)


def test_nothing_is_lost_or_repeated_in_a_random_sequence(run_with_standby: Any) -> None:
    assert len(hold(run_with_standby, RANDOM, duration_s=90)) == RANDOM_COUNT


def test_the_state_of_the_version_before_is_taken_up(run_with_standby: Any, tmp_path: Path) -> None:
    (upgrade,) = hold(
        run_with_standby,
        "upgrade",
        code_root=extract_job(version_before(), tmp_path),
        duration_s=60,
    )
    assert "and was" in upgrade.evidence[-1]
