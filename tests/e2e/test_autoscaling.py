"""Does the operator's autoscaler scale the real job up and down, with nothing lost or repeated?"""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from stack.settings import StackSettings
from workbench.autoscale import AutoscalePlan, run_autoscale
from workbench.console import Phases

# Ten minutes of sending, between the start of a stack and its judges.
pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(1_800)]

COUNTS = ("missing", "repeated", "unexpected", "different", "out_of_order", "ledger_wrong")


def test_a_load_that_triples_is_followed_and_nothing_is_lost_or_repeated(tmp_path: Path) -> None:
    console = Console(record=True, width=150)
    shown = run_autoscale(
        AutoscalePlan(),
        Phases(console),
        tmp_path / "runs",
        StackSettings.with_free_ports(tmp_path / "stack"),
        replays=tmp_path / "replays",
    )
    delivery = shown.evaluation.judge("delivery")
    assert delivery is not None
    counts = {figure.name: figure.value for figure in delivery.figures}
    assert {name: counts[name] for name in COUNTS} == dict.fromkeys(COUNTS, 0)
    assert shown.evaluation.verdict.value == "pass", shown.evaluation.verdict.reason
    assert shown.outcome.verdict.value == "pass", shown.outcome.verdict.reason
    assert "flink-autoscaler" in shown.record.decided_by
    assert len(shown.record.applied_s) >= 2
    assert "parallelism 1 to 2" in console.export_text()
