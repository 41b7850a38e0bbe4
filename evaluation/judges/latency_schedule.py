"""Did the sender mean to send when the replay wanted it to?

Latency counts from the intended send, and the sender itself writes that down. One that waits for
the job, and then writes the moment of the send as the intended one, hides every stall (coordinated
omission). So the log is held against the schedule of the replay, which no sender writes.
"""

from __future__ import annotations

import numpy as np

from evaluation.history import Sends
from evaluation.judges.base import Findings
from evaluation.verdict import Figure


def judge_schedule(findings: Findings, sends: Sends, start_ns: int | None) -> bool:
    """Count the records whose intended send is not where the replay has it, or that have none.

    Parameters
    ----------
    findings
        Where the figure goes.
    start_ns
        When the schedule began (monotonic clock); None: when the log fits it best.

    Returns
    -------
    bool
        Whether the schedule was kept, as far as that is known.
    """
    name, unit = "off_schedule", "records"
    if sends.due_ns is None or sends.planned is None:
        findings.report(name, None, unit, "the replay, which has the schedule, is not there")
        return True
    shift_ns = sends.intended_ns - sends.due_ns
    known = sends.due_ns >= 0
    if start_ns is None:
        start_ns = int(shift_ns[known].min()) if known.any() else 0
    moved = known & (shift_ns != start_ns)
    furthest_ms = float(np.abs(shift_ns[moved] - start_ns).max()) / 1e6 if moved.any() else 0.0
    unsent = max(0, sends.planned - int(known.sum()))
    off = int(moved.sum()) + int((~known).sum()) + unsent
    findings.bound(
        Figure(
            name,
            off,
            unit,
            0,
            "inconclusive" if off else "pass",
            "intended sends that are not where the replay's schedule has them",
        ),
        f"{off:,} of {sends.planned:,} records were not meant to be sent when the schedule of the "
        f"replay has them (the furthest by {furthest_ms:,.0f} ms, {unsent:,} never): a sender that "
        "waits for the job hides its stalls",
    )
    return not off
