"""Is each overlay one `kubectl apply -k`, in a namespace of its own, and without dead ends?"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.k8s.conftest import (
    OVERLAYS,
    WITH_SIMULATION,
    Manifest,
    broker_labels,
    built,
    deployment,
    of_kind,
)
from tests.k8s.policies import containers, pods
from tests.k8s.reach import selects

NAMESPACES = {"dev": "paystream-dev", "staging": "paystream-staging", "production": "paystream"}
#: Made by somebody else: Strimzi for a user and its cluster, whoever runs the services around.
SECRETS_OF_OTHERS = {
    "paystream-cluster-ca-cert",
    "paystream-s3",
    "paystream-registry",
    "paystream-elasticsearch",
    "paystream-profiles-database",
}
SIMULATION = {"paystream-generator", "paystream-evaluation", "paystream-dashboard"}


def test_everything_is_in_the_overlays_own_namespace(overlay, manifests):
    (namespace,) = of_kind(manifests, "Namespace")
    assert namespace == NAMESPACES[overlay]
    for each in manifests:
        if each["kind"] != "Namespace":
            assert each["metadata"]["namespace"] == namespace, each["metadata"]["name"]


def test_pods_are_held_to_the_restricted_standard(manifests):
    (namespace,) = of_kind(manifests, "Namespace").values()
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_nothing_is_there_twice(manifests):
    names = Counter((each["kind"], each["metadata"]["name"]) for each in manifests)
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_test_traffic_stays_out_of_production(overlay):
    names = {each["metadata"]["name"] for each in built(overlay)}
    assert (names & SIMULATION == SIMULATION) == (overlay in WITH_SIMULATION)
    if overlay not in WITH_SIMULATION:
        assert not names & (SIMULATION | {"floor", "paystream-simulation"})


def _referred(node: Any) -> list[tuple[str, str]]:
    """Kind and name of what a pod needs to start."""
    found: list[tuple[str, str]] = []
    if isinstance(node, dict):
        for key, kind, name in (
            ("secret", "Secret", "secretName"),
            ("secretKeyRef", "Secret", "name"),
            ("configMap", "ConfigMap", "name"),
            ("configMapRef", "ConfigMap", "name"),
            ("configMapKeyRef", "ConfigMap", "name"),
            ("persistentVolumeClaim", "PersistentVolumeClaim", "claimName"),
        ):
            if isinstance(node.get(key), dict) and name in node[key]:
                found.append((kind, node[key][name]))
        found += [("Secret", each["name"]) for each in node.get("imagePullSecrets", ())]
        for key in ("serviceAccountName", "serviceAccount"):
            if isinstance(node.get(key), str):
                found.append(("ServiceAccount", node[key]))
        return found + [each for value in node.values() for each in _referred(value)]
    if isinstance(node, list):
        return [each for value in node for each in _referred(value)]
    return found


def _dead_ends(manifests: list[Manifest]) -> set[tuple[str, str]]:
    there = {(each["kind"], each["metadata"]["name"]) for each in manifests}
    there |= {("Secret", user) for user in of_kind(manifests, "KafkaUser")}
    there |= {("Secret", name) for name in SECRETS_OF_OTHERS}
    return {each for manifest in manifests for each in _referred(manifest)} - there


def test_whatever_a_pod_needs_is_there(manifests):
    assert _dead_ends(manifests) == set()


@pytest.mark.parametrize("kind", ["ServiceAccount", "KafkaUser", "ConfigMap"])
def test_a_dead_end_is_noticed(kind):
    manifests = [each for each in built("dev") if each["kind"] != kind]
    assert _dead_ends(manifests)


def _cannot_log_in(manifests: list[Manifest]) -> list[str]:
    """Those whose pods bring no login to the registry: Kubernetes takes it from the account."""
    wanted = [{"name": "paystream-registry"}]
    accounts = of_kind(manifests, "ServiceAccount")
    return [name for name, each in accounts.items() if each.get("imagePullSecrets") != wanted]


@pytest.mark.parametrize("overlay", ["staging", "production"])
def test_images_of_a_private_registry_can_be_fetched(overlay):
    assert _cannot_log_in(built(overlay)) == []


def test_an_account_without_a_login_is_noticed():
    """The negative control: on one's own machine images are there already, and nobody needs one."""
    assert sorted(_cannot_log_in(built("dev"))) == ["paystream-flink", "paystream-simulation"]


def test_each_mount_has_its_volume_and_each_volume_a_mount(manifests):
    for manifest in manifests:
        for pod in pods(manifest):
            if pod.is_flinks:
                continue
            volumes = {each["name"] for each in pod.spec.get("volumes", ())}
            volumes |= {
                each["metadata"]["name"]
                for each in manifest["spec"].get("volumeClaimTemplates", ())
            }
            mounts = {
                mount["name"] for each in containers(pod) for mount in each.get("volumeMounts", ())
            }
            assert volumes == mounts, pod.where


def test_flinks_pods_mount_what_their_templates_have(overlay):
    spec = deployment(overlay)["spec"]
    common = spec["podTemplate"]["spec"]
    for role in ("jobManager", "taskManager"):
        own = spec[role]["podTemplate"]["spec"]
        volumes = {each["name"] for part in (common, own) for each in part.get("volumes", ())}
        mounts = {
            mount["name"]
            for part in (common, own)
            for each in part["containers"]
            for mount in each.get("volumeMounts", ())
        }
        assert volumes == mounts


def _pod_labels(manifests: list[Manifest]) -> list[dict[str, str]]:
    found = [
        each["spec"]["template"]["metadata"]["labels"]
        for each in manifests
        if each["kind"] in ("Deployment", "StatefulSet", "Job")
    ]
    for name, each in of_kind(manifests, "FlinkDeployment").items():
        for role, component in (("jobManager", "jobmanager"), ("taskManager", "taskmanager")):
            own = each["spec"][role]["podTemplate"]["metadata"]["labels"]
            # Flink labels the pods that it makes (`KubernetesUtils.getCommonLabels`).
            found.append({**own, "app": name, "component": component})
    return found


def test_policies_and_budgets_select_pods_that_there_are(manifests):
    labels = [*_pod_labels(manifests), *map(broker_labels, of_kind(manifests, "Kafka"))]
    for kind in ("NetworkPolicy", "PodDisruptionBudget", "Service", "PodMonitor"):
        for name, each in of_kind(manifests, kind).items():
            spec = each["spec"]
            selector = spec.get("podSelector", spec.get("selector"))
            assert any(selects(selector, one) for one in labels), f"{kind} {name} selects nothing"


def test_every_pod_is_shut_off_unless_a_policy_opens_it(manifests):
    closed = of_kind(manifests, "NetworkPolicy")["paystream-nothing"]["spec"]
    assert closed["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in closed
    assert "egress" not in closed
    assert all(selects(closed["podSelector"], labels) for labels in _pod_labels(manifests))


def test_only_who_looks_at_the_dashboard_reaches_it():
    policies = of_kind(built("dev"), "NetworkPolicy")
    labels = {"app.kubernetes.io/name": "paystream-dashboard"}
    opening = [
        rule
        for each in policies.values()
        if each["spec"]["podSelector"]["matchLabels"] == labels
        for rule in each["spec"].get("ingress", ())
    ]
    (rule,) = opening
    assert rule["from"] == [
        {"podSelector": {"matchLabels": {"paystream.dev/may-see-dashboard": "true"}}}
    ]


def _budgets(manifests: list[Manifest], name: str) -> dict[str, Any]:
    spec = of_kind(manifests, "PodDisruptionBudget")[name]["spec"]
    return {key: spec[key] for key in ("minAvailable", "maxUnavailable") if key in spec}


def test_a_drained_node_takes_one_jobmanager_at_a_time(manifests):
    budgets = of_kind(manifests, "PodDisruptionBudget")
    for name in budgets.keys() - {"paystream-taskmanagers"}:
        assert _budgets(manifests, name) == {"maxUnavailable": 1}, name


def test_a_drained_node_leaves_the_job_the_taskmanagers_that_it_needs(overlay, manifests):
    # Flink names the JobManager's Deployment as their controller, so whatever is reckoned from how
    # many a controller wants (maxUnavailable, a percentage) would be reckoned from the JobManagers.
    spec = deployment(overlay)["spec"]
    needed = spec["job"]["parallelism"]
    assert _budgets(manifests, "paystream-taskmanagers") == {"minAvailable": needed}
    spare = int(spec["flinkConfiguration"]["slotmanager.redundant-taskmanager-num"])
    assert spare >= 1, "a drain would wait for ever: none may go"


def test_production_has_two_jobmanagers_apart():
    spec = deployment("production")["spec"]
    assert spec["jobManager"]["replicas"] == 2
    spread = spec["jobManager"]["podTemplate"]["spec"]["topologySpreadConstraints"]
    by_key = {each["topologyKey"]: each["whenUnsatisfiable"] for each in spread}
    assert by_key["kubernetes.io/hostname"] == "DoNotSchedule"
    assert "topology.kubernetes.io/zone" in by_key


def test_flinks_role_writes_configmaps_only_where_they_hold_its_leader():
    for overlay in OVERLAYS:
        role = of_kind(built(overlay), "Role")["paystream-flink"]
        resources = {name for rule in role["rules"] for name in rule["resources"]}
        held = deployment(overlay)["spec"]["flinkConfiguration"]["high-availability.type"]
        assert ("configmaps" in resources) == (held == "kubernetes")
