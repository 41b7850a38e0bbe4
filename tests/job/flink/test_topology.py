"""What does the built job look like: parallelism, readers, and the names of what keeps state?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

pytestmark = pytest.mark.stack

ROOT: Final = Path(__file__).parents[3]
JARS: Final = ROOT / ".local" / "jars"
#: Operators by uid, one a line: what a savepoint of any earlier version is found by.
UIDS: Final = Path(__file__).parent / "uids.txt"
#: What PyFlink and the planner put between two operators: it maps, and keeps nothing.
STATELESS: Final = {"Map", "SinkConversion"}
#: Builds the job and submits nothing. In a process of its own: Flink's client starts a JVM.
PROGRAM: Final = """
from job.flink import topology
from job.flink.options import parse_options
from job.flink.rule_changes import Standing
import json, sys
topology.read_standing = lambda *_: Standing((), {})
env = topology.build(parse_options(sys.argv[1:]))
nodes = env._j_stream_execution_environment.getStreamGraph(False).getStreamNodes().toArray()
uids = [[node.getTransformationUID(), node.getOperatorName()] for node in nodes]
print(json.dumps({"plan": json.loads(env.get_execution_plan()), "uids": uids}))
"""


def built(*arguments: str) -> Any:
    """Plan of the job, and uid and name of each operator."""
    jars = ";".join(f"file://{jar}" for jar in sorted(JARS.glob("flink-connector/*.jar")))
    words = [f"--flink.property=pipeline.jars={jars}", *arguments]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, *words],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout[done.stdout.index("{") :])


@pytest.fixture(scope="module")
def job() -> Any:
    # Without windows: their classes lie in the job's jar, which only a cluster has in its lib/.
    return built("--parallelism", "3", "--windows.enabled", "none")


def test_each_operator_keeps_its_uid_from_version_to_version(job: Any) -> None:
    """Without it the state of a savepoint is lost, or the savepoint is refused."""
    found = [uid for uid, _ in job["uids"] if uid is not None]
    nameless = {name.partition("[")[0] for uid, name in job["uids"] if uid is None}
    assert nameless <= STATELESS, "state of an operator without a uid cannot be found again"
    assert len(set(found)) == len(found)
    kept = UIDS.read_text(encoding="utf-8").split("\n")[:-1]
    lost = sorted(set(kept) - set(found))
    assert not lost, "a savepoint of before holds state of these, and would be refused"
    assert sorted(found) == kept, f"new operators: write their uids into {UIDS.name}"


def test_only_the_readers_of_rules_and_reports_are_alone(job: Any) -> None:
    found = {node["type"]: node["parallelism"] for node in job["plan"]["nodes"]}
    alone = [name for name, parallelism in found.items() if parallelism == 1]
    assert sorted(name for name in alone if "Source" in name) == [
        f"Source: KafkaSource-default_catalog.default_database.{table}"
        for table in ("fraud_reports", "rule_changes")
    ]
    assert {found[name] for name in ("judge by card", "count across cards")} == {3}
    assert set(found.values()) == {1, 3}
    assert sum(name.startswith("outgoing") for name in set(found) - set(alone)) == 4
