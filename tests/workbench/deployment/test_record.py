"""Is what happened kept, however a deployment ends?"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.workbench.deployment.cluster import NEW, Cluster
from workbench import cli_deploy
from workbench.deployment.problems import DeploymentError
from workbench.deployment.release import Release

SAVEPOINT = "s3://bucket/savepoint-1"


@pytest.fixture
def overlay_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "staging"
    folder.mkdir()
    (folder / "kustomization.yaml").write_text("resources: []\n")
    return folder


def deploy(cluster: Cluster, overlay: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The command against a stand-in of a cluster; gives the folder of what is kept."""
    at_once = functools.partial(Release, clock=cluster.clock, sleep=cluster.sleep)
    monkeypatch.setattr(cli_deploy, "Release", at_once)
    monkeypatch.setattr(cli_deploy, "Kubectl", lambda _command: cluster)
    out = overlay.parent / "deployments"
    cli_deploy.deploy(
        overlay, image=[f"paystream/flink-job={NEW}"], release="abc", out=out, watch_s=10.0
    )
    return out


def record(out: Path) -> dict[str, Any]:
    return dict(json.loads((out / "record.json").read_text(encoding="utf-8")))


def kept_after(
    raised: type[BaseException],
    cluster: Cluster,
    overlay: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[dict[str, Any], str]:
    """The record and the simulation's log of a deployment that ends with an exception."""
    with pytest.raises(raised):
        deploy(cluster, overlay, monkeypatch)
    out = overlay.parent / "deployments"
    return record(out), (out / "simulation.log").read_text(encoding="utf-8")


def test_a_decision_is_kept(overlay_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster().with_old_version()
    kept, log = kept_after(typer.Exit, cluster, overlay_folder, monkeypatch)
    assert (kept["stays"], kept["exit_code"], kept["savepoint"]) == (True, 0, SAVEPOINT)
    assert log == "PASS  everything"


def test_a_way_back_that_fails_is_kept_with_its_savepoint_and_the_simulation(
    overlay_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Cluster(simulation_exits=1, way_back_works=False).with_old_version()
    kept, log = kept_after(DeploymentError, cluster, overlay_folder, monkeypatch)
    assert (kept["stays"], kept["exit_code"], kept["savepoint"]) == (None, 3, SAVEPOINT)
    assert kept["simulation"] == "fail"
    assert "the simulation failed; THE WAY BACK FAILED" in kept["reason"]
    assert log == "PASS  everything"


def test_a_first_version_that_does_not_hold_is_kept(
    overlay_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, log = kept_after(
        DeploymentError, Cluster(simulation_exits=1), overlay_folder, monkeypatch
    )
    assert (kept["stays"], kept["savepoint"], kept["simulation"]) == (None, None, "fail")
    assert "none to go back to" in kept["reason"]
    assert log == "PASS  everything"


def test_a_savepoint_that_fails_is_kept(
    overlay_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Cluster(savepoint="FAILED").with_old_version()
    kept, log = kept_after(DeploymentError, cluster, overlay_folder, monkeypatch)
    assert (kept["stays"], kept["exit_code"], kept["simulation"]) == (None, 3, "none")
    assert "nothing was changed" in kept["reason"]
    assert log == ""


def test_a_deployment_that_is_broken_off_is_kept(
    overlay_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(Cluster):
        def pods(self, job: str, _namespace: str) -> list[Any]:
            raise KeyboardInterrupt

    cluster = Interrupted().with_old_version()
    kept, _ = kept_after(KeyboardInterrupt, cluster, overlay_folder, monkeypatch)
    assert (kept["stays"], kept["exit_code"], kept["savepoint"]) == (None, None, SAVEPOINT)
    assert "broken off" in kept["reason"]
