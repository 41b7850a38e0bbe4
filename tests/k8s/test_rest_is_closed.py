"""Who may talk to Flink's REST interface, which runs whatever code it is given?"""

from __future__ import annotations

from tests.k8s.conftest import built, flink_configuration, of_kind
from tests.k8s.reach import OPERATOR, let

JOB = {"app": "paystream-detection"}
JOBMANAGER = {**JOB, "app.kubernetes.io/part-of": "paystream", "component": "jobmanager"}
REST_PORT = 8081


def test_the_operator_and_the_jobs_own_pods_alone_reach_it():
    assert let(built("production"), "ingress", JOBMANAGER, REST_PORT) == [
        {"podSelector": {"matchLabels": JOB}},
        OPERATOR,
    ]


def test_a_policy_that_lets_everybody_in_is_noticed():
    """The negative control."""
    manifests = built("production")
    of_kind(manifests, "NetworkPolicy")["paystream-flink"]["spec"]["ingress"].append({})
    assert {} in let(manifests, "ingress", JOBMANAGER, REST_PORT)


def test_jars_are_neither_uploaded_nor_started(overlay):
    assert flink_configuration(overlay)["web.submit.enable"] == "false"
