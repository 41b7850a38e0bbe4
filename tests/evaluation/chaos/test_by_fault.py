"""What several faults of one kind say together."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from evaluation.chaos.by_fault import by_fault
from evaluation.chaos.results import Chaos, FaultOutcome
from evaluation.chaos.table import markdown, print_chaos
from evaluation.fault_record import FaultRecord

PROVEN: dict[str, Any] = {
    "landed": True,
    "checkpoints_before": 3,
    "checkpoints_after": 2,
    "open_transaction_records": 200,
}


def outcome(fault: str, outage_ms: Any, **changes: Any) -> FaultOutcome:
    known: dict[str, Any] = {
        "fault": fault,
        "run_id": "r",
        "verdict": "pass",
        "reason": "held",
        "record": FaultRecord(fault=fault, **PROVEN),
        "expected": 1_000,
        "counts": {},
        "times_ms": {"committed_outage": outage_ms},
    }
    return FaultOutcome(**(known | changes))


SERIES = [
    outcome("kafka_kill", 4_000.0),
    outcome("taskmanager_kill", 2_000.0, promised_records=491),
    outcome("taskmanager_kill", 8_000.0, promised_records=0),
    outcome("taskmanager_kill", 3_000.0, record=FaultRecord(fault="taskmanager_kill")),
    outcome("taskmanager_kill", 60_000.0, verdict="inconclusive"),
    outcome("taskmanager_kill", 90_000.0, guarantee="at-least-once"),
]


def test_each_kind_has_its_median_its_worst_and_how_often_it_was_proven() -> None:
    assert [each.row for each in by_fault(SERIES)] == [
        ["kafka_kill", "1", "1", "0", "4.00 / 4.00", "-", "-"],
        ["taskmanager_kill", "4", "3", "1", "3.00 / 8.00", "-", "-"],
    ]


def test_where_none_came_twice_there_is_nothing_to_add() -> None:
    assert by_fault(SERIES[:2]) == []


def test_terminal_and_page_have_the_table() -> None:
    chaos = Chaos(outcomes=SERIES, facts={})
    console = Console(file=io.StringIO(), width=200)
    print_chaos(chaos, console)
    assert "hit a commit" in console.file.getvalue()  # type: ignore[attr-defined]
    assert "| taskmanager_kill | 4 | 3 | 1 | 3.00 / 8.00 | - | - |" in markdown(chaos)
    assert "## By fault" not in markdown(Chaos(outcomes=SERIES[:2], facts={}))
