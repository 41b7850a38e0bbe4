"""Does Flink's Kubernetes operator take the deployments before it touches a cluster?"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.k8s.conftest import (
    OVERLAYS,
    Manifest,
    deployment,
    flink_configuration,
    operator_jars,
    run_java,
)

#: The operator that a registry serves is 1.7.0: the newest Flink that it has heard of, and what it
#: calls keys that Flink renamed since. The version and the new names are judged elsewhere.
KNOWN_VERSION = "v1_18"
OLD_NAMES = {
    "execution.checkpointing.dir": "state.checkpoints.dir",
    "execution.checkpointing.savepoint-dir": "state.savepoints.dir",
}


def known(manifest: Manifest) -> Manifest:
    """The deployment, in the words of the operator at hand."""
    spec = manifest["spec"]
    spec["flinkVersion"] = KNOWN_VERSION
    keys = spec["flinkConfiguration"]
    spec["flinkConfiguration"] = {OLD_NAMES.get(key, key): value for key, value in keys.items()}
    return manifest


def _keys(**changes: str | None) -> Callable[[Manifest], None]:
    def change(manifest: Manifest) -> None:
        keys = manifest["spec"]["flinkConfiguration"]
        for name, value in changes.items():
            key = name.replace("__", "-").replace("_", ".")
            if value is None:
                del keys[key]
            else:
                keys[key] = value

    return change


def _spec(part: str, **changes: Any) -> Callable[[Manifest], None]:
    return lambda manifest: manifest["spec"][part].update(changes)


BREAKS: list[tuple[Callable[[Manifest], None], str]] = [
    (_keys(high__availability_cluster__id="x"), "Forbidden Flink config key"),
    (_keys(kubernetes_cluster__id="x"), "Forbidden Flink config key"),
    (_keys(execution_checkpointing_dir=None), "Checkpoint directory"),
    (_keys(execution_checkpointing_savepoint__dir=None), "savepoint"),
    (_keys(high__availability_type="NONE"), "HA must be enabled"),
    (
        _keys(
            high__availability_type="NONE", kubernetes_operator_deployment_rollback_enabled="false"
        ),
        "last-state while HA disabled",
    ),
    (_spec("job", parallelism=0), "parallelism must be larger than 0"),
    (_spec("taskManager", resource={"cpu": 1, "memory": "two"}), "memory parse error"),
    (lambda manifest: manifest["metadata"].update(name="9-detection"), "name"),
]


@pytest.mark.slow
def test_the_operator_takes_each_deployment_and_refuses_what_is_wrong(tmp_path):
    files = []
    for overlay in OVERLAYS:
        files.append(tmp_path / f"{overlay}.json")
        files[-1].write_text(json.dumps(known(deployment(overlay))))
    for number, (change, _) in enumerate(BREAKS):
        manifest = deployment("production")
        change(manifest)
        manifest = known(manifest)
        files.append(tmp_path / f"{number}.json")
        files[-1].write_text(json.dumps(manifest))
    said = run_java("ValidateDeployments", operator_jars(), *files)
    # The operator's log stands before it, and in the same line where it does not end one.
    said = [line.partition("#")[2] for line in said if "#ok" in line or "#refused: " in line]
    assert said[: len(OVERLAYS)] == ["ok"] * len(OVERLAYS)
    for (_, expected), line in zip(BREAKS, said[len(OVERLAYS) :], strict=True):
        assert line.startswith("refused: ")
        assert expected in line, line


def test_upgrades_go_on_from_the_last_state(overlay):
    job = deployment(overlay)["spec"]["job"]
    assert job["upgradeMode"] == "last-state"
    assert job["allowNonRestoredState"] is False
    keys = flink_configuration(overlay)
    for key in ("dir", "savepoint-dir"):
        assert keys[f"execution.checkpointing.{key}"].startswith("s3://")
    assert keys["high-availability.storageDir"].startswith("s3://")


@pytest.mark.parametrize("role", ["jobManager", "taskManager"])
def test_probes_ask_ports_that_flink_names(role):
    # `org.apache.flink.kubernetes.utils.Constants`: REST_PORT_NAME, TASK_MANAGER_RPC_PORT_NAME.
    port = {"jobManager": "rest", "taskManager": "taskmanager-rpc"}[role]
    (container,) = deployment("dev")["spec"][role]["podTemplate"]["spec"]["containers"]
    assert container["name"] == "flink-main-container"
    probes = [value for key, value in container.items() if key.endswith("Probe")]
    assert len(probes) == 2
    for each in probes:
        assert each.get("tcpSocket", each.get("httpGet"))["port"] == port
