"""Is each alert there that should be, once?

Card alerts are known by their id and must say the same. Alerts across cards are known by rule,
entity and window: which swipe tips the count depends on how partitions interleave, so only these
are compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from evaluation.decoding import same_content
from evaluation.fates import EXAMPLES, Fault
from evaluation.history import Expected, History


class AlertComparison(NamedTuple):
    """Counts of alerts, and examples."""

    expected: int
    written: int
    missing: int
    repeated: int
    unexpected: int
    different: int
    faults: list[Fault]


def alert_key(alert: Any) -> str:
    """What makes two alerts the same one.

    ``alert_id`` of a card alert; rule, entity and window of one across cards. A job that gives no
    id is known by entity and swipe.
    """
    if alert.window_start_ms is not None:
        rules = "+".join(sorted(finding.rule for finding in alert.findings))
        return f"{rules}:{alert.entity_id}:{alert.window_start_ms}"
    if alert.alert_id:
        return str(alert.alert_id)
    return f"{alert.entity_type}:{alert.swipe_id}"


def compare_alerts(history: History, expected: Expected, view: str) -> AlertComparison:
    """Hold the alerts of a view against those that should have been written."""
    records = history.outputs["alerts"]
    rows = np.flatnonzero(records.received_ns(view) > 0).tolist()
    written = [(alert_key(records.records[row]), row) for row in rows if records.records[row]]
    wanted: dict[str, int] = {
        alert_key(alert): row
        for row, alert in enumerate(expected.records("alerts"))
        if alert is not None
    }
    counts = Counter(key for key, _ in written)
    missing = [key for key in wanted if key not in counts]
    faults = [Fault("missing", "alerts", None, None, None, None, key, "") for key in missing]
    faults = faults[:EXAMPLES]
    faults += _examples(history, "unexpected", (r for k, r in written if k not in wanted))
    faults += _examples(history, "repeated", _later_ones(written, wanted))
    different = [
        row
        for key, row in written
        if key in wanted
        and records.records[row].window_start_ms is None
        and not same_content("alerts", records.values[row], expected.values["alerts"][wanted[key]])
    ]
    faults += _examples(history, "different", different)
    return AlertComparison(
        expected=len(wanted),
        written=len(written),
        missing=len(missing),
        repeated=sum(count - 1 for key, count in counts.items() if key in wanted),
        unexpected=sum(count for key, count in counts.items() if key not in wanted),
        different=len(different),
        faults=faults,
    )


def _later_ones(written: list[tuple[str, int]], wanted: dict[str, int]) -> Iterable[int]:
    seen: set[str] = set()
    for key, row in written:
        if key in seen and key in wanted:
            yield row
        seen.add(key)


def _examples(history: History, kind: str, rows: Iterable[int]) -> list[Fault]:
    records = history.outputs["alerts"]
    faults = []
    for row, _ in zip(rows, range(EXAMPLES), strict=False):
        alert = records.records[row]
        place = int(records.partition[row]), int(records.offset[row])
        key = alert_key(alert)
        faults.append(Fault(kind, "alerts", None, None, *place, key, f"swipe {alert.swipe_id}"))
    return faults
