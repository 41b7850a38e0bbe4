"""Who may talk to Flink's REST interface, which runs whatever code it is given?"""

from __future__ import annotations

from typing import Any

from tests.k8s.conftest import Manifest, built, flink_configuration, of_kind

JOB = {"app": "paystream-detection"}
REST_PORT = 8081


def let_to_rest(manifests: list[Manifest]) -> list[dict[str, Any]]:
    """Selectors of those whom a network policy lets to it; an empty one is everybody."""
    found: list[dict[str, Any]] = []
    for policy in of_kind(manifests, "NetworkPolicy").values():
        if policy["spec"]["podSelector"] not in ({}, {"matchLabels": JOB}):
            continue
        for rule in policy["spec"].get("ingress", []):
            ports = [each["port"] for each in rule.get("ports", [])]
            if not ports or REST_PORT in ports:
                found += rule.get("from", [{}])
    return found


def test_the_operator_and_the_jobs_own_pods_alone_reach_it():
    assert let_to_rest(built("production")) == [
        {"podSelector": {"matchLabels": JOB}},
        {
            "namespaceSelector": {
                "matchLabels": {"kubernetes.io/metadata.name": "flink-kubernetes-operator"}
            }
        },
    ]


def test_a_policy_that_lets_everybody_in_is_noticed():
    """The negative control."""
    manifests = built("production")
    of_kind(manifests, "NetworkPolicy")["paystream-flink"]["spec"]["ingress"].append({})
    assert {} in let_to_rest(manifests)


def test_jars_are_neither_uploaded_nor_started(overlay):
    assert flink_configuration(overlay)["web.submit.enable"] == "false"
