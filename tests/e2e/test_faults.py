"""Is nothing lost and nothing repeated, whatever breaks, and is what broke proven to have broken?

All of it is slow. The regular tests have the kill (`test_taskmanager_kill`), and unreadable records
one at a time (`test_parity_with_oracle`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evaluation.evaluate import Evaluation
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
#: Runs with a kill at a commit, of which one in three or four hits none.
COMMIT_TRIES = 5


def hold(
    run_it: Any, fault: str, code_root: Path | None = None, **changes: Any
) -> list[FaultRecord]:
    """Run it, and require that each fault was proven and did no harm."""
    evaluation, faults = run(run_it, fault, code_root, **changes)
    assert evaluation.verdict.value == "pass", evaluation.verdict.reason
    return faults


def run(
    run_it: Any, fault: str, code_root: Path | None = None, **changes: Any
) -> tuple[Evaluation, list[FaultRecord]]:
    """Run it, and require that each fault landed and did no harm."""
    folder, evaluation = run_it(
        job=JobPlan(checkpoint_interval_ms=CHECKPOINT_INTERVAL_MS, code_root=code_root),
        fault=fault,
        **RATE | SCENARIO | changes,
    )
    faults = read_faults(folder / "history" / FAULTS_FILE)
    assert [each.proves_nothing_because() for each in faults] == [None] * len(faults)
    if fault != RANDOM:
        assert [each.fault for each in faults] == fault.split(",")
    delivery = {figure.name: figure.value for figure in evaluation.judge("delivery").figures}
    assert {name: delivery[name] for name in COUNTS} == dict.fromkeys(COUNTS, 0)
    assert delivery["ledger_cards_again"] > 0
    return evaluation, faults


def hit_no_commit(evaluation: Evaluation) -> bool:
    """Whether the run proves nothing because a kill came where no commit was under way."""
    doubtful = [each for each in evaluation.judges if each.decides and each.verdict != "pass"]
    return [(each.judge, each.verdict) for each in doubtful] == [("delivery", "inconclusive")] and (
        "hit no commit" in doubtful[0].reason
    )


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
    ],
)
def test_nothing_is_lost_or_repeated(run_it: Any, fault: str) -> None:
    hold(run_it, fault, duration_s=25)


def test_nothing_is_lost_or_repeated_where_a_kill_hits_a_commit(run_it: Any) -> None:
    for _ in range(COMMIT_TRIES):
        evaluation, _ = run(run_it, "kill_during_commit", duration_s=25)
        if not hit_no_commit(evaluation):
            break
    assert evaluation.verdict.value == "pass", evaluation.verdict.reason


def test_one_fault_after_the_other(run_it: Any) -> None:
    evaluation, _ = run(run_it, "kafka_pause,taskmanager_kill,kill_during_commit", duration_s=60)
    assert hit_no_commit(evaluation) or evaluation.verdict.value == "pass"


@pytest.mark.parametrize(
    "fault", ["jobmanager_kill", "zookeeper_kill", "s3_outage", "taskmanager_kill", "rescale"]
)
def test_nothing_is_lost_or_repeated_where_another_stands_by(
    run_with_standby: Any, fault: str
) -> None:
    hold(run_with_standby, fault, duration_s=35)


def test_nothing_is_lost_or_repeated_in_a_random_sequence(run_with_standby: Any) -> None:
    evaluation, faults = run(run_with_standby, RANDOM, duration_s=90)
    assert len(faults) == RANDOM_COUNT
    assert hit_no_commit(evaluation) or evaluation.verdict.value == "pass"


def test_the_state_of_the_version_before_is_taken_up(run_with_standby: Any, tmp_path: Path) -> None:
    (upgrade,) = hold(
        run_with_standby,
        "upgrade",
        code_root=extract_job(version_before(), tmp_path),
        duration_s=60,
    )
    assert "and was" in upgrade.evidence[-1]
