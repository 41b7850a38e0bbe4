"""Does `paystream gates` make its repetitions on one real stack, and judge and file them?"""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from evaluation.gates.results import read_result
from stack.settings import ENV_PREFIX, StackSettings

pytestmark = [pytest.mark.stack, pytest.mark.slow]

#: Two repetitions of 12 s that count, at a rate that any machine carries, none before them.
SHORT = """
[ci.runs]
rate_per_min = 24000
duration_s = 12
warm_up_s = 3
repetitions = 2
repetitions_min = 2
uncounted = 0
[ci.latency]
blocks_min = 10
samples_beyond = 50
"""
PROMISES = ("missing", "repeated", "different", "other_judges", "uncommitted_p99")
RELATIVE = ("committed_p99", "uncommitted_p50_to_floor", "taskmanager_cpu")


def test_two_short_repetitions(stack_settings: StackSettings, tmp_path: Path) -> None:
    thresholds = tmp_path / "short.toml"
    thresholds.write_text(SHORT)
    variables = {
        f"{ENV_PREFIX}{name.upper()}": str(value)
        for name, value in stack_settings.model_dump(mode="json").items()
        if value is not None
    }
    folders = [
        part
        for name in ("out", "runs", "replays", "baselines")
        for part in (f"--{name}", str(tmp_path / name))
    ]
    command = [sys.executable, "-c", "from workbench.cli import main; main()", "gates"]
    done = subprocess.run(
        [*command, "--profile", "ci", "--only", "live", "--thresholds", str(thresholds), *folders],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    (folder,) = (tmp_path / "out").iterdir()
    result = read_result(folder)
    assert done.returncode == result.exit_code, done.stdout + done.stderr
    gates = {gate.name: gate for gate in result.gates}
    assert tuple(gates) == (*PROMISES, *RELATIVE)
    # What does not depend on how busy the machine is.
    for name in ("missing", "repeated", "different"):
        assert (gates[name].verdict, gates[name].value) == ("pass", 0), gates[name].note
    assert isinstance(gates["uncommitted_p99"].value, float)
    assert gates["uncommitted_p99"].low <= gates["uncommitted_p99"].value
    assert gates["committed_p99"].verdict == "inconclusive"
    assert len(result.runs) == 2
    assert sorted(each.name for each in (tmp_path / "runs").iterdir()) == sorted(result.runs)
    cases = ET.parse(folder / "junit.xml").getroot().iter("testcase")  # noqa: S314 - our own
    assert [case.get("name") for case in cases] == list(gates)
    assert "| missing | 0 records | exact |" in (folder / "summary.md").read_text()
