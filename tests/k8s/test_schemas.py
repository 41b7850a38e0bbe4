"""Would an API server take the manifests, as far as schemas can tell?"""

from __future__ import annotations

from typing import Any

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.k8s.conftest import ROOT, Manifest, broker_labels, built, of_kind
from tests.k8s.crds import DEFINED, crd_schema, strict

#: Of the schemas that are held against; the API groups that are used are the same since 1.27.
KUBERNETES = "1.33"
#: Without a schema that a registry serves: held against the structure below, and by promtool.
BY_STRUCTURE = {"PodMonitor", "PrometheusRule"}


def breaches(manifest: Manifest) -> list[str]:
    """What is wrong with a manifest, by its kind's schema."""
    if manifest["kind"] in DEFINED:
        validator = Draft202012Validator(crd_schema(manifest["kind"], manifest["apiVersion"]))
        return [f"{each.json_path}: {each.message}" for each in validator.iter_errors(manifest)]
    try:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [error.message]
    return []


def test_every_manifest_keeps_its_kinds_schema(manifests):
    judged = [each for each in manifests if each["kind"] not in BY_STRUCTURE]
    found = {f"{each['kind']}/{each['metadata']['name']}": breaches(each) for each in judged}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_every_kind_that_is_used_is_judged(manifests):
    kinds = {each["kind"] for each in manifests}
    groups = {each["apiVersion"].partition("/")[0] for each in manifests if each["kind"] in DEFINED}
    assert groups <= {"flink.apache.org", "kafka.strimzi.io"}
    assert {"FlinkDeployment", "KafkaTopic", "KafkaUser", "NetworkPolicy"} <= kinds


def test_the_operators_definition_needs_its_patch_for_flinks_version_alone():
    manifest = of_kind(built("dev"), "FlinkDeployment")["paystream-detection"]
    schema = crd_schema("FlinkDeployment", manifest["apiVersion"], patched=False)
    (error,) = Draft202012Validator(schema).iter_errors(manifest)
    assert error.json_path == "$.spec.flinkVersion"


BREAKS: list[tuple[str, str, tuple[Any, ...], Any]] = [
    ("Job", "paystream-generator", ("spec", "completionMod"), "Indexed"),
    ("Job", "paystream-generator", ("spec", "completions"), "2"),
    ("Deployment", "paystream-dashboard", ("spec", "template", "spec", "containers"), {}),
    ("NetworkPolicy", "paystream-flink", ("spec", "egresss"), []),
    ("PodDisruptionBudget", "paystream-taskmanagers", ("spec", "maxUnavailabel"), 1),
    ("FlinkDeployment", "paystream-detection", ("spec", "flinkVersion"), "v2_33"),
    ("FlinkDeployment", "paystream-detection", ("spec", "job", "upgradeMode"), "last_state"),
    ("FlinkDeployment", "paystream-detection", ("spec", "job", "paralelism"), 2),
    ("FlinkDeployment", "paystream-detection", ("spec", "jobManager", "replicas"), "two"),
    (
        "FlinkDeployment",
        "paystream-detection",
        ("spec", "podTemplate", "spec", "containers", 0, "volumeMount"),
        [],
    ),
    ("KafkaTopic", "swipes", ("spec", "partitions"), "four"),
    ("KafkaTopic", "swipes", ("spec", "partition"), 4),
    ("KafkaUser", "paystream-job", ("spec", "authentication", "type"), "scram-sha-256"),
    ("KafkaUser", "paystream-job", ("spec", "authorization", "acls", 0, "operation"), "Read"),
    ("Kafka", "paystream", ("spec", "kafka", "listeners", 0, "port"), "9093"),
]


@pytest.mark.parametrize(("kind", "name", "path", "value"), BREAKS)
def test_a_break_is_noticed(kind, name, path, value):
    manifest = of_kind(built("dev"), kind)[name]
    assert breaches(manifest) == []
    node: Any = manifest
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    assert breaches(manifest) != []


def test_a_schema_is_made_strict_where_it_names_its_fields():
    schema = strict(
        {
            "type": "object",
            "properties": {
                "size": {"x-kubernetes-int-or-string": True},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            },
        }
    )
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"size": "1Gi", "free": {"any": 1}})
    assert validator.is_valid({"size": 1})
    assert not validator.is_valid({"size": []})
    assert not validator.is_valid({"sizes": 1})


def test_prometheus_scrapes_a_port_that_the_pods_have(manifests):
    for monitor in of_kind(manifests, "PodMonitor").values():
        assert monitor["apiVersion"] == "monitoring.coreos.com/v1"
        assert set(monitor["spec"]) == {"selector", "podMetricsEndpoints"}
        (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        ports = {
            port["name"]
            for labels, pod in labelled_pods(manifests)
            if wanted <= labels.items()
            for port in pod["containers"][0]["ports"]
        }
        assert endpoint["port"] in ports


def labelled_pods(manifests):
    """Labels and specification of each pod that stands."""
    for each in of_kind(manifests, "Deployment").values():
        template = each["spec"]["template"]
        yield template["metadata"]["labels"], template["spec"]
    for name, each in of_kind(manifests, "FlinkDeployment").items():
        yield {"app": name}, each["spec"]["podTemplate"]["spec"]
    for name, each in of_kind(manifests, "Kafka").items():
        # As Strimzi names the port of its exporter.
        tells = "metricsConfig" in each["spec"]["kafka"]
        yield (
            broker_labels(name),
            {"containers": [{"ports": [{"name": "tcp-prometheus"}] if tells else []}]},
        )


def test_a_broker_of_ours_tells_what_the_local_one_tells():
    manifests = built("dev")
    (kafka,) = of_kind(manifests, "Kafka").values()
    told = kafka["spec"]["kafka"]["metricsConfig"]["valueFrom"]["configMapKeyRef"]
    config = of_kind(manifests, "ConfigMap")[told["name"]]
    assert config["data"][told["key"]] == (ROOT / "monitoring" / "kafka-jmx.yml").read_text()
    assert "grafana_dashboard" not in config["metadata"].get("labels", {})


def test_flink_reports_on_the_port_that_is_scraped(manifests):
    (job,) = of_kind(manifests, "FlinkDeployment").values()
    (container,) = job["spec"]["podTemplate"]["spec"]["containers"]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    reported = job["spec"]["flinkConfiguration"]["metrics.reporter.prom.port"]
    assert str(ports["metrics"]) == reported


def test_targets_have_the_names_that_the_rules_ask_for(manifests):
    """`flink-jobmanager`, `canary`, `delivery` and so on: those of monitoring/prometheus.yml."""
    given = set()
    for monitor in of_kind(manifests, "PodMonitor").values():
        (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
        (relabelling,) = endpoint["relabelings"]
        assert relabelling["targetLabel"] == "job"
        # Flink labels the pods that it makes (`KubernetesUtils.getCommonLabels`).
        source = ["jobmanager", "taskmanager"] if "sourceLabels" in relabelling else [""]
        given |= {relabelling["replacement"].replace("$1", each) for each in source}
    known = yaml.safe_load((ROOT / "monitoring" / "prometheus.yml").read_text())["scrape_configs"]
    assert given <= {each["job_name"] for each in known}
    assert {"flink-jobmanager", "flink-taskmanager"} <= given
