"""Does every operator have the job's parallelism, and each topic with few records one reader?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

pytestmark = pytest.mark.stack

ROOT: Final = Path(__file__).parents[3]
JARS: Final = ROOT / ".local" / "jars"
#: Builds the job and submits nothing. In a process of its own: Flink's client starts a JVM.
PROGRAM: Final = """
from job.flink import topology
from job.flink.options import parse_options
from job.flink.rule_changes import Standing
import sys
topology.read_standing = lambda *_: Standing((), {})
print(topology.build(parse_options(sys.argv[1:])).get_execution_plan())
"""


def parallelism_by_operator(*arguments: str) -> dict[str, int]:
    jars = ";".join(f"file://{jar}" for jar in sorted(JARS.glob("flink-connector/*.jar")))
    words = [f"--flink.property=pipeline.jars={jars}", *arguments]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, *words],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    plan = json.loads(done.stdout[done.stdout.index("{") :])
    return {node["type"]: node["parallelism"] for node in plan["nodes"]}


def test_only_the_readers_of_rules_and_reports_are_alone() -> None:
    # Without windows: their classes lie in the job's jar, which only a cluster has in its lib/.
    found = parallelism_by_operator("--parallelism", "3", "--windows.enabled", "none")
    alone = [name for name, parallelism in found.items() if parallelism == 1]
    assert sorted(name for name in alone if "Source" in name) == [
        f"Source: KafkaSource-default_catalog.default_database.{table}"
        for table in ("fraud_reports", "rule_changes")
    ]
    assert {found[name] for name in ("judge by card", "count across cards")} == {3}
    assert set(found.values()) == {1, 3}
    assert sum(name.startswith("outgoing") for name in set(found) - set(alone)) == 4
