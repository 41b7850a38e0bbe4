"""What had a checkpoint promised that nobody had committed yet when a fault came?

::
trigger ........ completed ..... commit visible
   |  records before the barrier are promised from here on
                     ^ a fault here: the restored job must commit them, once
::

A sink in two phases commits after its checkpoint is complete. A job that dies between the two must
commit what it promised when it is restored: to write it again would repeat it, to forget it would
lose it. Only a fault that came in that moment shows anything of it, and whether one did can be
read off what the readers saw.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from evaluation.fault_record import FaultRecord
from evaluation.history import History


def promised_records(history: History, fault: FaultRecord) -> int | None:
    """Decisions that the last checkpoint before a fault had promised and nobody had committed.

    Counted are those that an uncommitted reader had before that checkpoint was triggered, and that
    a committed reader got only after the job had failed. Those that were written later and still
    lay before the barrier are left out, so it is a lower bound; so are those that nobody ever
    committed: what a checkpoint had not promised is written anew, and what it had and is gone shows
    as missing.

    Parameters
    ----------
    history
        Of the run.
    fault
        One that was brought about.

    Returns
    -------
    int or None
        None where the job did not fail, no checkpoint was seen before, or decisions were not read.
    """
    trigger_ms = _last_trigger_ms(history.facts.job.checkpoints, fault.invoked_ms)
    if trigger_ms is None or fault.noticed_ms is None or "decisions" not in history.outputs:
        return None
    decisions = history.outputs["decisions"]
    before_ns = _monotonic_ns(fault, trigger_ms)
    failed_ns = _monotonic_ns(fault, fault.noticed_ms)
    written = (decisions.uncommitted_ns > 0) & (decisions.uncommitted_ns < before_ns)
    return int((written & (decisions.committed_ns > failed_ns)).sum())


def _last_trigger_ms(checkpoints: Iterable[dict[str, Any]], invoked_ms: int) -> int | None:
    """When the last checkpoint was triggered that had all its acknowledgements by then."""
    done = [
        (each["end_ms"], each["trigger_ms"])
        for each in checkpoints
        if each.get("status") == "COMPLETED"
        and "trigger_ms" in each
        and (each.get("end_ms") or invoked_ms) < invoked_ms
    ]
    return max(done)[1] if done else None


def _monotonic_ns(fault: FaultRecord, wall_ms: int) -> int:
    return fault.invoked_monotonic_ns + (wall_ms - fault.invoked_ms) * 1_000_000
