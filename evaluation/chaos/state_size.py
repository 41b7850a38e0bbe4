"""How large was the state when a fault came?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from evaluation.fault_record import FaultRecord


def state_bytes(checkpoints: Iterable[dict[str, Any]], fault: FaultRecord) -> int | None:
    """Bytes of the last checkpoint that was complete when the fault came: what is restored.

    Parameters
    ----------
    checkpoints
        As in ``job.json``.
    fault
        One that was brought about; its moment is on the clock of the checkpoints.

    Returns
    -------
    int or None
        All of the state, also where a checkpoint adds to the one before; None where none was seen.

    Examples
    --------
    >>> seen = [{"status": "COMPLETED", "end_ms": at, "state_size_bytes": at} for at in (3, 5, 9)]
    >>> state_bytes(seen, FaultRecord(fault="kafka_kill", invoked_ms=7))
    5
    """
    sizes = {
        each["end_ms"]: each["state_size_bytes"]
        for each in checkpoints
        if str(each.get("status", "")).upper() == "COMPLETED"
        and isinstance(each.get("state_size_bytes"), int)
        and isinstance(each.get("end_ms"), int)
        and each["end_ms"] <= fault.invoked_ms
    }
    return int(sizes[max(sizes)]) if sizes else None
