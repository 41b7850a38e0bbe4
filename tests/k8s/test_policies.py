"""Does each manifest keep the rules, and does each rule notice a breach?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.k8s.conftest import Manifest, built, of_kind
from tests.k8s.policies import (
    POLICIES,
    image_not_pinned,
    is_not_watched,
    lacks_limits,
    pods,
    runs_as_root,
    secret_in_clear,
    service_account_of_others,
    shares_the_node,
    takes_service_links,
    too_many_rights,
)

JOB = ("FlinkDeployment", "paystream-detection")
EVALUATION = ("Job", "paystream-evaluation")
DASHBOARD = ("Deployment", "paystream-dashboard")
ROLE = ("Role", "paystream-flink")


@pytest.mark.parametrize("policy", POLICIES)
def test_every_manifest_keeps_the_rule(policy, manifests):
    assert [line for each in manifests for line in policy(each)] == []


def test_the_rules_see_the_pods_that_there_are():
    seen = {pod.where for each in built("dev") for pod in pods(each)}
    assert seen == {
        "FlinkDeployment/paystream-detection jobManager",
        "FlinkDeployment/paystream-detection taskManager",
        "Job/paystream-generator",
        "Job/paystream-evaluation",
        "Deployment/paystream-dashboard",
        "StatefulSet/paystream-object-store",
    }


def _pod(manifest: Manifest) -> Manifest:
    return manifest["spec"].get("podTemplate", manifest["spec"].get("template"))["spec"]


def _container(manifest: Manifest) -> Manifest:
    return _pod(manifest)["containers"][0]


def _set(find: Callable[[Manifest], Manifest], *path: Any) -> Callable[[Manifest], None]:
    """A change: the last of the path is the value, None takes the key away."""

    def change(manifest: Manifest) -> None:
        *keys, last, value = path
        node = find(manifest)
        for key in keys:
            node = node[key]
        if value is None:
            del node[last]
        else:
            node[last] = value

    return change


def _append(find: Callable[[Manifest], Manifest], key: str, value: Any) -> Callable[..., None]:
    return lambda manifest: find(manifest).setdefault(key, []).append(value)


def _whole(manifest: Manifest) -> Manifest:
    return manifest


BREACHES = [
    (runs_as_root, JOB, _set(_pod, "securityContext", "runAsNonRoot", None), "may run as root"),
    (runs_as_root, EVALUATION, _set(_pod, "securityContext", "runAsUser", 0), "may run as root"),
    (runs_as_root, DASHBOARD, _set(_pod, "securityContext", "seccompProfile", None), "no seccomp"),
    (
        runs_as_root,
        JOB,
        _set(_container, "securityContext", "readOnlyRootFilesystem", None),
        "can be written",
    ),
    (
        runs_as_root,
        DASHBOARD,
        _set(_container, "securityContext", "allowPrivilegeEscalation", True),
        "may gain rights",
    ),
    (
        runs_as_root,
        EVALUATION,
        _set(_container, "securityContext", "capabilities", None),
        "keeps capabilities",
    ),
    (
        runs_as_root,
        EVALUATION,
        lambda manifest: _pod(manifest)["initContainers"][0].pop("securityContext"),
        "kafka-client: may gain rights",
    ),
    (shares_the_node, DASHBOARD, _set(_pod, "hostNetwork", True), "hostNetwork"),
    (
        shares_the_node,
        JOB,
        _append(_pod, "volumes", {"name": "x", "hostPath": {"path": "/"}}),
        "hostPath x",
    ),
    (lacks_limits, EVALUATION, _set(_container, "resources", "limits", "cpu", None), "for cpu"),
    (lacks_limits, DASHBOARD, _set(_container, "resources", None), "no requests for cpu, memory"),
    (
        lacks_limits,
        JOB,
        lambda manifest: manifest["spec"]["taskManager"]["resource"].pop("memory"),
        "taskManager: no memory",
    ),
    (
        lacks_limits,
        DASHBOARD,
        _append(_pod, "volumes", {"name": "x", "emptyDir": {}}),
        "emptyDir x has no sizeLimit",
    ),
    (image_not_pinned, DASHBOARD, _set(_container, "image", "a/b"), "a/b is not pinned"),
    (image_not_pinned, DASHBOARD, _set(_container, "image", "a:1/b"), "is not pinned"),
    (image_not_pinned, EVALUATION, _set(_container, "image", "a/b:latest"), "is not pinned"),
    (image_not_pinned, EVALUATION, _set(_container, "image", "a/b:3"), "is not pinned"),
    (
        image_not_pinned,
        JOB,
        lambda manifest: manifest["spec"].update(image="paystream/flink-job"),
        "is not pinned",
    ),
    (secret_in_clear, ROLE, _set(_whole, "kind", "Secret"), "a Secret belongs"),
    (
        secret_in_clear,
        DASHBOARD,
        _append(_container, "env", {"name": "API_KEY", "value": "abc"}),
        "API_KEY: a value in clear",
    ),
    (
        secret_in_clear,
        JOB,
        lambda manifest: manifest["spec"]["job"]["args"].append(
            '--kafka.property=sasl.jaas.config=x required password="hunter2";'
        ),
        "(password): a value in clear",
    ),
    (
        secret_in_clear,
        JOB,
        lambda manifest: manifest["spec"]["flinkConfiguration"].update({"s3.secret-key": "abc"}),
        "s3.secret-key: a value in clear",
    ),
    (
        secret_in_clear,
        EVALUATION,
        lambda manifest: _container(manifest)["args"].append("--set=sasl.password=hunter2"),
        "(sasl.password): a value in clear",
    ),
    (
        service_account_of_others,
        JOB,
        lambda manifest: manifest["spec"].pop("serviceAccount"),
        "the default ServiceAccount",
    ),
    (
        service_account_of_others,
        DASHBOARD,
        _set(_pod, "serviceAccountName", None),
        "the default ServiceAccount",
    ),
    (
        service_account_of_others,
        EVALUATION,
        _set(_pod, "automountServiceAccountToken", None),
        "has a token",
    ),
    (
        takes_service_links,
        EVALUATION,
        _set(_pod, "enableServiceLinks", None),
        "evaluation: gets a variable for each service",
    ),
    (
        takes_service_links,
        JOB,
        _set(_pod, "enableServiceLinks", True),
        "taskManager: gets a variable for each service",
    ),
    (too_many_rights, ROLE, _set(_whole, "kind", "ClusterRole"), "beyond the namespace"),
    (too_many_rights, ROLE, lambda m: m["rules"][0]["verbs"].append("*"), "* in verbs"),
    (too_many_rights, ROLE, lambda m: m["rules"][0]["resources"].append("secrets"), "secrets"),
    (is_not_watched, DASHBOARD, _set(_container, "livenessProbe", None), "no liveness probe"),
    (
        is_not_watched,
        JOB,
        lambda m: m["spec"]["taskManager"]["podTemplate"]["spec"]["containers"][0].pop(
            "startupProbe"
        ),
        "taskManager flink-main-container: no readiness or startup probe",
    ),
]


@pytest.mark.parametrize(("policy", "what", "change", "said"), BREACHES)
def test_a_breach_is_noticed(policy, what, change, said):
    kind, name = what
    manifest = of_kind(built("dev"), kind)[name]
    assert list(policy(manifest)) == []
    change(manifest)
    assert any(said in line for line in policy(manifest)), list(policy(manifest))


def test_each_rule_has_a_breach_that_it_notices():
    assert {policy for policy, *_ in BREACHES} == set(POLICIES)
