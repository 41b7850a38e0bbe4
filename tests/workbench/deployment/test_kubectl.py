"""Is `kubectl` called as it takes it, and is what it says of a failure passed on?"""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from tests.k8s.conftest import KUSTOMIZE
from tests.workbench.deployment.cluster import manifest
from workbench.deployment.kubectl import Kubectl
from workbench.deployment.problems import DeploymentError


def stand_in(code: str) -> Kubectl:
    """`kubectl` as a few lines of Python, which get its arguments."""
    return Kubectl(
        shlex.join([sys.executable, "-c", f"import json, sys; a = sys.argv[1:]; {code}"])
    )


def test_objects_are_asked_for_as_they_were_given() -> None:
    item = manifest("ConfigMap", "x")
    answer = json.dumps({"kind": "List", "items": [item]})
    kubectl = stand_in(f"assert json.load(sys.stdin)['items'] == [{item!r}]; print({answer!r})")
    assert kubectl.get_those([item]) == [item]


def test_a_single_object_comes_without_a_list() -> None:
    item = manifest("ConfigMap", "x")
    assert stand_in(f"print({json.dumps(item)!r})").get_those([item]) == [item]


def test_what_is_not_there_is_none() -> None:
    assert stand_in("pass").get("FlinkDeployment", "x", "y") is None
    assert stand_in("pass").get_those([manifest("ConfigMap", "x")]) == []


def test_nothing_is_asked_for_nothing() -> None:
    never = Kubectl("no-such-kubectl")
    assert never.get_those([]) == []
    never.delete([])


def test_a_failure_is_said_in_kubectl_s_own_words() -> None:
    kubectl = stand_in("print('warning', file=sys.stderr); sys.exit('error: forbidden')")
    with pytest.raises(DeploymentError, match="kubectl apply failed: error: forbidden"):
        kubectl.apply([manifest("ConfigMap", "x")])


def test_a_kubectl_that_is_missing_is_said() -> None:
    with pytest.raises(DeploymentError, match="no-such-kubectl is missing"):
        Kubectl("no-such-kubectl").get("Pod", "x", "y")


def test_objects_are_applied_by_the_server_and_owned() -> None:
    stand_in(
        "assert a[:2] == ['apply', '--server-side']; assert '--field-manager' in a; "
        "assert len(json.load(sys.stdin)['items']) == 2"
    ).apply([manifest("ConfigMap", "x"), manifest("ConfigMap", "y")])


def test_a_job_goes_with_its_pods() -> None:
    stand_in("assert '--cascade=foreground' in a and '--wait' in a").delete([manifest("Job", "x")])


def test_a_pod_that_is_about_to_go_says_nothing() -> None:
    pods = [
        {"metadata": {"name": "old", "deletionTimestamp": "2026-01-01T00:00:00Z"}},
        {"metadata": {"name": "new"}},
    ]
    kubectl = stand_in(f"print({json.dumps({'items': pods})!r})")
    assert [each["metadata"]["name"] for each in kubectl.pods("evaluation", "staging")] == ["new"]


def renderers() -> dict[str, Kubectl]:
    """What builds an overlay for real: kustomize, which the checks bring, and kubectl's own."""
    code = f"import os, sys; os.execv({str(KUSTOMIZE)!r}, ['kustomize', 'build', sys.argv[2]])"
    found = {"kustomize": Kubectl(shlex.join([sys.executable, "-c", code]))}
    if shutil.which("kubectl") is not None:
        found["kubectl"] = Kubectl()
    return found


@pytest.mark.parametrize("renderer", renderers())
def test_an_overlay_is_rendered_for_real(renderer: str, tmp_path: Path) -> None:
    kubectl = renderers()[renderer]
    (tmp_path / "kustomization.yaml").write_text("namespace: staging\nresources: [map.yaml]\n")
    (tmp_path / "map.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: b}\n"
    )
    (found,) = kubectl.render(tmp_path)
    assert found["metadata"] == {"name": "x", "namespace": "staging"}
    with pytest.raises(DeploymentError, match="kubectl kustomize failed"):
        kubectl.render(tmp_path / "none")
