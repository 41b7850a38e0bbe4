"""Are Flink's keys on Kubernetes those of the local stack, and does Flink 2.3 know each of them?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from job.contracts import Topics
from job.flink.options import parse_options
from stack.flink_home import LOG4J_CONSOLE, configuration
from stack.settings import StackSettings
from tests.k8s.conftest import (
    OVERLAYS,
    built,
    deployment,
    flink_configuration,
    flink_jars,
    of_kind,
    run_java,
)

#: Of the local stack, but not of Kubernetes: Flink or its operator sets them there, or nobody needs
#: them.
LEFT_OUT = {
    "jobmanager.rpc.address": "Flink names the leader's own service or pod",
    "jobmanager.rpc.port": "the default, 6123",
    "jobmanager.bind-host": "a pod is reached from other pods",
    "taskmanager.host": "the pod's own address, which Flink passes on",
    "taskmanager.bind-host": "a pod is reached from other pods",
    "rest.address": "the operator reaches the service that Flink makes",
    "rest.bind-address": "a pod is reached from other pods; who may is the network policy's",
    "rest.port": "the default, 8081",
    "rest.bind-port": "the default, 8081",
    "jobmanager.memory.process.size": "the operator sets it from spec.jobManager.resource",
    "taskmanager.memory.process.size": "the operator sets it from spec.taskManager.resource",
    "traces.reporters": "the workbench reads them in the local JobManager's log",
    "traces.reporter.log.factory.class": "the same",
    "web.tmpdir": "below /tmp by itself, which is a volume",
    "process.jobmanager.working-dir": "below /tmp by itself, which is a volume",
    "resourcemanager.standalone.start-up-time": "Flink starts TaskManagers itself, in native mode",
    "high-availability.cluster-id": "the operator sets it, and refuses it in the specification",
    "metrics.fetcher.update-interval": "a run reads REST; here Prometheus asks each process",
}
#: On both sides, with another value.
OTHER_VALUE = {
    "env.java.opts.taskmanager": "pods are there to stay: both of the JVM's compilers",
    "io.tmp.dirs": "a volume of the pod",
    "python.executable": "the image's virtual environment",
    "python.client.executable": "the image's virtual environment",
    "high-availability.type": "the API server holds the leader where there is no ZooKeeper",
    "high-availability.zookeeper.quorum": "three servers of the cluster's own",
    "high-availability.storageDir": "a bucket for each environment",
    "execution.checkpointing.dir": "a bucket for each environment",
    "execution.checkpointing.savepoint-dir": "a bucket for each environment",
    "s3.endpoint": "the store's service, where it is not the cloud's own",
}
#: Only where the overlay has its own S3 store, as the local stack does.
OF_AN_OWN_STORE = {"s3.endpoint", "s3.path-style-access", "fs.s3.aws.credentials.provider"}
#: On Kubernetes alone.
ADDED = {
    r"jobmanager\.scheduler": "adaptive: the autoscaler changes the parallelism of a running job",
    r"slotmanager\..*": "Flink starts TaskManagers: a bound, and the spare one",
    r"state\.backend\.rocksdb\.localdir": "a volume; the local stack says it for each TaskManager",
    r"pipeline\.max-parallelism": "the job sets it, too; the autoscaler reads it",
    r"web\.submit\.enable": "nobody submits a second job; the local stack's jobs come that way",
    r"jobmanager\.memory\.jvm-overhead\.min": "the driver's Python runs in the same container",
    r"metrics\.reporter.*": "for Prometheus",
    r"state\.backend\.rocksdb\.metrics\..*": "for Prometheus; locally with monitoring only",
    r"job\.autoscaler\..*": "of the operator",
    r"kubernetes\.operator\..*": "of the operator",
}
#: Keys that Flink knows by their pattern: a name stands in the middle.
PATTERNS = {r"metrics\.reporter\.\w+\.(factory\.class|port)"}
#: Key and type of each option of the operator.
OPERATORS_OPTIONS = Path(__file__).parent / "definitions" / "operator_options.tsv"


def local() -> dict[str, str]:
    """What the local stack writes, with all that it can have."""
    return configuration(StackSettings(high_availability=True, object_store=True))


def unexplained(overlay: str, here: dict[str, str], there: dict[str, str]) -> list[str]:
    """Differences between Kubernetes and the local stack for which no reason is given."""
    lines = []
    zookeeper = here.get("high-availability.type") == "zookeeper"
    for key, value in there.items():
        is_zookeepers = "zookeeper" in key
        if key in here:
            if here[key] != value and key not in OTHER_VALUE:
                lines.append(f"{overlay}: {key} is {here[key]!r}, locally {value!r}")
        elif not (
            key in LEFT_OUT
            or (is_zookeepers and not zookeeper)
            or (key in OF_AN_OWN_STORE and overlay != "dev")
        ):
            lines.append(f"{overlay}: {key} is missing")
    for key in here.keys() - there.keys():
        if not any(re.fullmatch(pattern, key) for pattern in ADDED):
            lines.append(f"{overlay}: {key} is not in the local stack")
    return lines


def test_each_difference_to_the_local_stack_has_a_reason(overlay):
    assert unexplained(overlay, flink_configuration(overlay), local()) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"heartbeat.timeout": "50000"}, "heartbeat.timeout is '50000', locally '5000'"),
        ({"heartbeat.timeout": None}, "heartbeat.timeout is missing"),
        ({"taskmanager.numberOfTaskSlots": "2"}, "taskmanager.numberOfTaskSlots is '2'"),
        ({"python.execution-mode": "Thread"}, "python.execution-mode is 'Thread'"),
        ({"rest.flamegraph.enabled": "true"}, "rest.flamegraph.enabled is not in the local"),
        ({"s3.path-style-access": None}, "s3.path-style-access is missing"),
    ],
)
def test_a_difference_without_a_reason_is_noticed(change, said):
    here = {key: value for key, value in (flink_configuration("dev") | change).items() if value}
    (line,) = unexplained("dev", here, local())
    assert said in line


def test_no_reason_is_given_for_what_is_no_difference():
    here = [flink_configuration(overlay) for overlay in OVERLAYS]
    keys = {key for each in here for key in each}
    assert LEFT_OUT.keys() <= local().keys()
    assert not LEFT_OUT.keys() & keys
    for key in OTHER_VALUE:
        assert any(key in each and each[key] != local()[key] for each in here), key
    for pattern in ADDED:
        assert any(re.fullmatch(pattern, key) for key in keys), pattern


def test_logs_go_to_the_console_alone_as_in_the_local_stack(overlay):
    """The operator's own settings write files, too: 1.1 GB, twice what their volume holds."""
    assert deployment(overlay)["spec"]["logConfiguration"] == {
        "log4j-console.properties": LOG4J_CONSOLE
    }


def test_memory_is_at_least_the_local_stacks(overlay):
    settings = StackSettings()
    spec = deployment(overlay)["spec"]
    for role, local_mb in (
        ("jobManager", settings.jobmanager_memory_mb),
        ("taskManager", settings.taskmanager_memory_mb),
    ):
        assert int(spec[role]["resource"]["memory"].removesuffix("m")) >= local_mb


def test_the_autoscaler_stays_within_partitions_key_groups_and_slots(overlay):
    keys = flink_configuration(overlay)
    swipes = of_kind(built(overlay), "KafkaTopic")[Topics.with_prefix().swipes]["spec"]
    most = int(keys["job.autoscaler.vertex.max-parallelism"])
    assert most == swipes["partitions"]
    assert keys["taskmanager.numberOfTaskSlots"] == "1"
    spare = int(keys["slotmanager.redundant-taskmanager-num"])
    assert int(keys["slotmanager.number-of-slots.max"]) == most + spare
    groups = int(keys["pipeline.max-parallelism"])
    assert groups == parse_options([]).max_parallelism
    least = int(keys["job.autoscaler.vertex.min-parallelism"])
    start = deployment(overlay)["spec"]["job"]["parallelism"]
    assert least <= start <= most
    # Partitions divide evenly among readers, and key groups among tasks, at the ends of the range.
    assert all(groups % each == 0 for each in (least, start, most))
    assert len([n for n in range(1, most + 1) if groups % n == 0]) >= most // 2


def test_the_quota_allows_what_the_autoscaler_may_take():
    spec = deployment("production")["spec"]
    keys = spec["flinkConfiguration"]
    taskmanagers = int(keys["slotmanager.number-of-slots.max"])
    needed = (
        taskmanagers * spec["taskManager"]["resource"]["cpu"]
        + spec["jobManager"]["replicas"] * spec["jobManager"]["resource"]["cpu"]
    )
    assert float(keys["job.autoscaler.quota.cpu"]) == needed


def verdicts(pairs: list[tuple[str, str]], folder: Path) -> list[str]:
    """What Flink 2.3 says to each key and value; to the operator's by the operator's own types."""
    file = folder / "keys"
    file.write_text("".join(f"{key}\t{value}\n" for key, value in pairs))
    first, *lines = run_java("CheckKeys", flink_jars(), file, OPERATORS_OPTIONS, *_own_jars())
    # Hundreds of options were found, or "unknown" would say nothing.
    assert int(first.removeprefix("#options\t")) > 700
    return [line.split("\t", 1)[1] for line in lines]


def _by_pattern(key: str) -> bool:
    return any(re.fullmatch(pattern, key) for pattern in PATTERNS)


def _own_jars() -> list[Path]:
    named = ("flink-dist-", "flink-python-", "flink-s3-fs-native-")
    return [jar for jar in flink_jars() if jar.name.startswith(named)]


BROKEN = {
    "heartbeat.intervall": "unknown",
    "state.backend.incremental": "deprecated: execution.checkpointing.incremental",
    "job.autoscaler.target.utilisation": "unknown",
    "execution.checkpointing.incremental": "unreadable: ",
    "heartbeat.interval": "unreadable: ",
    "jobmanager.scheduler": "unreadable: ",
    "job.autoscaler.restart.time": "unreadable: ",
    "job.autoscaler.utilization.target": "unreadable: ",
}


def test_every_key_is_known_and_every_value_can_be_read(tmp_path):
    pairs = sorted(
        {
            (key, value)
            for overlay in OVERLAYS
            for key, value in flink_configuration(overlay).items()
            if not _by_pattern(key)
        }
    )
    # Nothing that is meant by these keys is called "surely".
    said = verdicts([*pairs, *((key, "surely") for key in BROKEN)], tmp_path)
    assert {pair: each for pair, each in zip(pairs, said, strict=False) if each != "ok"} == {}
    broken = dict(zip(BROKEN, said[len(pairs) :], strict=True))
    for key, start in BROKEN.items():
        assert broken[key].startswith(start), (key, broken[key])
