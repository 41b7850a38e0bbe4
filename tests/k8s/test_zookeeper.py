"""Do all who need ZooKeeper find it in production, and nobody else?

That is the job, and Flink's operator: with the configuration of the deployment it removes the job's
graph before it submits, and asks whether there is a last state before it upgrades to one.
"""

from __future__ import annotations

from tests.k8s.conftest import built, flink_configuration, of_kind
from tests.k8s.reach import OPERATOR, let

JOB = {"app": "paystream-detection"}
SERVERS = {
    "app.kubernetes.io/name": "paystream-zookeeper",
    "app.kubernetes.io/part-of": "paystream",
}
PORT = 2181


def roles() -> list[dict[str, str]]:
    """Labels of the job's pods."""
    part = {"app.kubernetes.io/part-of": "paystream"}
    return [{**JOB, **part, "component": each} for each in ("jobmanager", "taskmanager")]


def test_three_servers_know_each_other():
    manifests = built("production")
    spec = of_kind(manifests, "StatefulSet")["paystream-zookeeper"]["spec"]
    assert spec["replicas"] == 3
    assert spec["template"]["metadata"]["labels"] == SERVERS
    servers = of_kind(manifests, "ConfigMap")["paystream-zookeeper"]["data"]["zoo.cfg"]
    assert [line for line in servers.splitlines() if line.startswith("server.")] == [
        f"server.{number + 1}=paystream-zookeeper-{number}.{spec['serviceName']}:2888:3888"
        for number in range(3)
    ]


def test_a_server_listens_before_its_own_name_is_known():
    """Its name comes seconds after its pod's address; a server that binds to it ends before."""
    settings = of_kind(built("production"), "ConfigMap")["paystream-zookeeper"]["data"]["zoo.cfg"]
    assert "quorumListenOnAllIPs=true" in settings.splitlines()


def test_the_quorum_has_names_that_hold_in_every_namespace():
    (zookeeper,) = of_kind(built("production"), "StatefulSet").values()
    service, namespace = zookeeper["spec"]["serviceName"], zookeeper["metadata"]["namespace"]
    quorum = flink_configuration("production")["high-availability.zookeeper.quorum"]
    assert quorum.split(",") == [
        f"paystream-zookeeper-{number}.{service}.{namespace}.svc:{PORT}" for number in range(3)
    ]


def test_the_operator_and_the_job_alone_reach_it():
    assert let(built("production"), "ingress", SERVERS, PORT) == [
        *(
            {"podSelector": {"matchLabels": {**JOB, "component": role["component"]}}}
            for role in roles()
        ),
        OPERATOR,
    ]


def test_the_operator_is_told_from_everybody():
    """The negative control: neither a policy without it nor an open one looks like this."""
    manifests = built("production")
    ingress = of_kind(manifests, "NetworkPolicy")["paystream-zookeeper"]["spec"]["ingress"]
    for rule in ingress:
        rule["from"] = [each for each in rule["from"] if each != OPERATOR]
    assert OPERATOR not in let(manifests, "ingress", SERVERS, PORT)
    ingress.append({})
    assert {} in let(manifests, "ingress", SERVERS, PORT)


def test_the_job_is_let_out_to_it():
    servers = {"app.kubernetes.io/name": "paystream-zookeeper"}
    for labels in roles():
        assert {"podSelector": {"matchLabels": servers}} in let(
            built("production"), "egress", labels, PORT
        )
