"""Which faults lie in the input: a burst of records that no job should be troubled by?

They are part of the replay, so that the sender's log, the oracle and the judges know each of
their records; nothing is broken, and the job must neither restart nor lose what stands between.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from evaluation.fault_record import OPEN_RECORDS_MIN, FaultRecord
from evaluation.run_folder import SendsRecord
from generator.recorded.settings import RecordedSettings
from generator.settings import BurstKind, ReplaySettings, SettingsError
from workbench.fault_plan import FLOODS
from workbench.plan import RunPlan


def flooded(plan: RunPlan) -> RunPlan:
    """The plan with the burst in its replay, where its fault is one; else as it was.

    Raises
    ------
    generator.settings.SettingsError
        If the replay is of recorded data, to which nothing is added.
    """
    kind = None if plan.fault is None else FLOODS.get(plan.fault)
    if kind is None:
        return plan
    if isinstance(plan.replay, RecordedSettings):
        raise SettingsError(f"{plan.fault} needs a generated replay, not recorded data")
    disturbances = plan.replay.disturbances.model_copy(update={"burst": kind})
    replay: ReplaySettings = plan.replay.model_copy(update={"disturbances": disturbances})
    return plan.model_copy(update={"replay": replay})


def flood_record(
    fault: str, replay: Path, sends: SendsRecord, checkpoints: Iterable[dict[str, Any]]
) -> FaultRecord:
    """What the flood was, by the replay's schedule.

    Parameters
    ----------
    fault
        Its name.
    replay
        Folder of the run's replay.
    sends
        When the schedule began.
    checkpoints
        As in ``job.json``.
    """
    first_ms, last_ms, count = _stretch(replay / "records.parquet", FLOODS[fault])
    start_ms = sends.start_wall_ms or 0
    invoked_ms = start_ms + first_ms
    done = [each["trigger_ms"] for each in checkpoints if each["status"] == "COMPLETED"]
    return FaultRecord(
        fault=fault,
        landed=count >= OPEN_RECORDS_MIN,
        evidence=[
            f"{count:,} records of the kind {FLOODS[fault]} stood one after the other, due within "
            f"{(last_ms - first_ms) / 1e3:.1f} s"
        ],
        invoked_ms=invoked_ms,
        undone_ms=start_ms + last_ms,
        invoked_monotonic_ns=(sends.start_monotonic_ns or 0) + first_ms * 1_000_000,
        checkpoints_before=sum(time_ms < invoked_ms for time_ms in done),
        checkpoints_after=sum(time_ms >= invoked_ms for time_ms in done),
        needs_open_records=False,
        may_restart=False,
    )


def _stretch(records: Path, kind: BurstKind) -> tuple[int, int, int]:
    """The longest stretch of one kind: due at first and at last, ms; its length."""
    table = pq.read_table(records, columns=["due_us", "disturbance"])
    is_kind = pc.equal(table["disturbance"], kind).to_numpy()
    due_ms = table["due_us"].to_numpy() // 1000
    rows = np.flatnonzero(is_kind)
    if not len(rows):
        return 0, 0, 0
    stretches = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    longest = max(stretches, key=len)
    return int(due_ms[longest[0]]), int(due_ms[longest[-1]]), len(longest)
