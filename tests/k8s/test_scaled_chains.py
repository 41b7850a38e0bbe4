"""Does the autoscaler's configuration name the job's own chains of operators?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.k8s.conftest import JARS, ROOT, flink_configuration

#: Builds the job as it is submitted, and submits nothing. In a process of its own: it starts a JVM.
PROGRAM: Final = """
from job.flink import topology
from job.flink.options import parse_options
from job.flink.rule_changes import Standing
import json, sys
topology.read_standing = lambda *_: Standing((), {})
env = topology.build(parse_options(sys.argv[1:]))
graph = env._j_stream_execution_environment.getStreamGraph(False).getJobGraph()
print(json.dumps({each.getID().toString(): each.getName() for each in graph.getVerticesAsArray()}))
"""


@pytest.fixture(scope="module")
def chains() -> dict[str, str]:
    """Name of each chain by id."""
    connectors = ";".join(f"file://{jar}" for jar in sorted(JARS.glob("flink-connector/*.jar")))
    # The windows' classes: a cluster has the job's jar in its lib/, and this adds to the client's.
    own = ":".join(str(jar) for jar in sorted(JARS.glob("job/*.jar")))
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            "-c",
            PROGRAM,
            f"--flink.property=pipeline.jars={connectors}",
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HADOOP_CLASSPATH": own,
        },
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, str] = json.loads(done.stdout[done.stdout.index("{") :])
    return found


def test_all_but_the_reader_and_the_judge_are_excluded(
    overlay: str, chains: dict[str, str]
) -> None:
    excluded = flink_configuration(overlay)["job.autoscaler.vertex.exclude.ids"].split(";")
    assert set(excluded) <= chains.keys(), "a chain's uid has changed"
    scaled = sorted(name for id_, name in chains.items() if id_ not in excluded)
    reader, judge = sorted(scaled, key=lambda name: "judge by card" in name)
    assert reader.startswith("Source: KafkaSource-default_catalog.default_database.incoming")
    assert judge.startswith("judge by card")
