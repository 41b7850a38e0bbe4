"""Is it seen whether a fault came between a checkpoint and its commit?

time ---- written ---- triggered -- complete -- fault -- job failed ---- restored job commits ---->
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from evaluation.fault_record import FaultRecord
from evaluation.promised import promised_records

MS = 1_000_000
#: On the monotonic clock the wall time is ten seconds more.
FAULT = FaultRecord(
    fault="kill_during_commit",
    invoked_ms=11_000,
    invoked_monotonic_ns=1_000 * MS,
    noticed_ms=11_300,
)
BEFORE = {"status": "COMPLETED", "trigger_ms": 10_800, "end_ms": 10_950}


def history(committed_ms: list[int], checkpoints: list[dict[str, Any]]) -> Any:
    """Four decisions, of which the last was written after the trigger."""
    decisions = SimpleNamespace(
        uncommitted_ns=np.array([500, 600, 700, 900]) * MS,
        committed_ns=np.array(committed_ms) * MS,
    )
    job = SimpleNamespace(checkpoints=checkpoints)
    return SimpleNamespace(outputs={"decisions": decisions}, facts=SimpleNamespace(job=job))


@pytest.mark.parametrize(
    ("committed_ms", "promised"),
    [
        # Committed by the restored job, the last of them written anew by it.
        ([2_500, 2_500, 2_500, 0], 3),
        # The commit was under way, and went through.
        ([1_020, 1_020, 1_020, 0], 0),
        # The checkpoint had not promised them after all.
        ([0, 0, 0, 0], 0),
    ],
)
def test_what_the_restored_job_had_to_commit_is_counted(
    committed_ms: list[int], promised: int
) -> None:
    assert promised_records(history(committed_ms, [BEFORE]), FAULT) == promised


def test_a_checkpoint_that_failed_or_came_later_promised_nothing() -> None:
    failed = BEFORE | {"status": "FAILED"}
    later = BEFORE | {"trigger_ms": 12_000, "end_ms": 12_100}
    assert promised_records(history([2_500] * 4, [failed, later]), FAULT) is None


def test_of_a_job_that_did_not_fail_nobody_can_tell() -> None:
    calm = FaultRecord(fault="kafka_pause", invoked_ms=11_000, invoked_monotonic_ns=1_000 * MS)
    assert promised_records(history([2_500] * 4, [BEFORE]), calm) is None
