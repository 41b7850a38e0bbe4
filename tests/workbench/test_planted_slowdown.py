"""Do the gates catch a rule that wastes so that it costs twice as much? Real benchmarks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evaluation.gates.profiles import load_profile
from evaluation.gates.results import GatesResult
from workbench.console import Phases
from workbench.gates import Folders, Request, run_gates
from workbench.machine import PROJECT_ROOT

# One at a time, as the real stack's: pytest-benchmark measures nothing while others run beside it.
pytestmark = [pytest.mark.slow, pytest.mark.stack]

#: What the benchmarks import or read.
COPIED = ("job", "scenarios", "generator", "workbench", "tests/bench")
RULE = "velocity"
WASTE = """

_once = Velocity.measure


def _twice(self, *arguments):
    _once(self, *arguments)
    return _once(self, *arguments)


Velocity.measure = _twice
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what is benchmarked."""
    for folder in COPIED:
        shutil.copytree(
            PROJECT_ROOT / folder,
            tmp_path / "checkout" / folder,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    shutil.copy(PROJECT_ROOT / "pyproject.toml", tmp_path / "checkout")
    return tmp_path / "checkout"


def test_a_rule_that_costs_twice_as_much_is_caught_and_nothing_else(
    checkout: Path, tmp_path: Path, quiet: Phases
) -> None:
    folders = Folders(gates=tmp_path / "gates", baselines=tmp_path / "baselines")

    def judged(*, store: bool) -> GatesResult:
        request = Request(
            "ci",
            load_profile("ci"),
            parts=("engine",),
            store_baseline=store,
            bench_root=checkout,
        )
        _, result = run_gates(request, quiet, folders)
        return result

    judged(store=True)
    with (checkout / "job" / "rules" / f"{RULE}.py").open("a", encoding="utf-8") as file:
        file.write(WASTE)
    result = judged(store=False)
    assert result.exit_code == 1
    assert [gate.name for gate in result.gates if gate.verdict == "fail"] == [f"measure {RULE}"]
