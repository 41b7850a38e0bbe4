"""Which fate does an output of the job tell?"""

from __future__ import annotations

import msgspec

from job.engine.card_engine import Output


def fate_of(output: Output) -> str | None:
    """``judged``, ``repeat``, ``late``, or a dead letter's reason; None for an alert or window."""
    record = msgspec.json.decode(output.value)
    if output.topic.endswith("decisions"):
        return str(record["fate"])
    if output.topic.endswith("late-swipes"):
        return "late"
    if output.topic.endswith("dead-letters"):
        return str(record["reason"])
    return None
