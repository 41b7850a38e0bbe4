"""Do the ways into and out of the job take what their Deployments give them?"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from delivery.alerts import connection, indexer
from delivery.profiles import publisher
from delivery.watched import Watched
from job.kafka_security import KafkaSecurity, KafkaSecurityError
from tests.k8s.conftest import OVERLAYS, ROOT, Manifest, built, of_kind
from tests.k8s.test_job_arguments import options
from workbench import cli
from workbench.kafka_rights import INDEX_GROUP, PUBLISHER

DELIVERIES = ("index-alerts", "publish-profiles")


def delivery(name: str) -> Manifest:
    """One of them, as production has it."""
    manifest = of_kind(built("production"), "Deployment")[f"paystream-{name}"]
    spec: Manifest = manifest["spec"]["template"]["spec"]
    return spec


def container(name: str) -> Manifest:
    (found,) = delivery(name)["containers"]
    return dict(found)


def given(name: str) -> dict[str, str]:
    """Its environment, with what a Secret or a ConfigMap would hold."""
    settings = of_kind(built("production"), "ConfigMap")["paystream-deliveries"]["data"]
    secrets = {"api-key": "hunter2", "url": "postgresql://paystream@db.example.com/cards"}
    found = {}
    for each in container(name)["env"]:
        source = each.get("valueFrom", {})
        if "configMapKeyRef" in source:
            found[each["name"]] = settings[source["configMapKeyRef"]["key"]]
        elif "secretKeyRef" in source:
            found[each["name"]] = secrets[source["secretKeyRef"]["key"]]
        else:
            found[each["name"]] = each["value"]
    return found


def test_they_run_where_real_swipes_go_and_nowhere_else():
    for overlay in OVERLAYS:
        names = set(of_kind(built(overlay), "Deployment"))
        there = {name for name in DELIVERIES if f"paystream-{name}" in names}
        assert there == (set(DELIVERIES) if overlay == "production" else set())


@pytest.fixture
def order(monkeypatch) -> dict[str, Any]:
    """What a command asks for, instead of doing it; and where it is watched."""
    seen: dict[str, Any] = {}

    class Stop(Exception):
        """Far enough."""

    def take(asked: Any, *_: Any) -> None:
        seen["order"] = asked
        raise Stop

    def noted(name: str, host: str, port: int | None) -> AbstractContextManager[Watched]:
        seen["watched"] = (host, port)
        return nullcontext(Watched(name))

    def connect(settings: Any) -> Any:
        seen["search"] = settings
        return real_connect(settings.model_copy(update={"ca_certs": None}))

    real_connect = connection.connect
    monkeypatch.setattr("delivery.watched.watching", noted)
    monkeypatch.setattr(connection, "connect", connect)
    monkeypatch.setattr(indexer, "index_alerts", take)
    monkeypatch.setattr(publisher, "publish_profiles", take)
    return seen


def run(name: str, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    the_job = options("production")
    for key, value in given(name).items():
        monkeypatch.setenv(key, value)
    command, word = container(name)["command"]
    assert command == "/opt/venv/bin/paystream"
    result = CliRunner().invoke(cli.app, [word, *container(name)["args"]])
    assert type(result.exception).__name__ == "Stop", result.output
    asked = order["order"]
    assert asked.bootstrap == the_job.bootstrap_servers
    assert asked.prefix == the_job.topic_prefix
    assert asked.once is False
    assert asked.give_up_s is None
    (port,) = container(name)["ports"]
    assert order["watched"] == ("0.0.0.0", port["containerPort"])  # noqa: S104
    return asked


def test_the_indexer_takes_its_arguments(order, monkeypatch):
    asked = run("index-alerts", order, monkeypatch)
    assert asked.group == INDEX_GROUP
    search = order["search"]
    assert search.url.startswith("https://")
    assert search.api_key == "hunter2"
    assert str(search.ca_certs) == "/etc/paystream/elasticsearch/ca.crt"


def test_the_publisher_takes_its_arguments(order, monkeypatch):
    asked = run("publish-profiles", order, monkeypatch)
    assert asked.database == "postgresql://paystream@db.example.com/cards"
    assert asked.from_start is False
    assert asked.prefix + publisher.TRANSACTIONS == PUBLISHER


@pytest.mark.parametrize("name", DELIVERIES)
def test_probes_ask_whether_it_goes_on(name):
    each = container(name)
    (port,) = each["ports"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert each[probe]["httpGet"] == {"path": "/healthz", "port": port["name"]}


@pytest.mark.parametrize("name", DELIVERIES)
def test_secrets_come_by_reference(name):
    mounted = {each["mountPath"] for each in container(name)["volumeMounts"]}
    for each in container(name)["env"]:
        value = each.get("value", "")
        if value.startswith("/etc/paystream/"):
            assert value.rsplit("/", 1)[0] in mounted
    referred = [
        each for each in container(name)["env"] if "secretKeyRef" in each.get("valueFrom", {})
    ]
    assert len(referred) == 1


def test_variables_that_kubernetes_makes_of_kafkas_service_would_be_refused(monkeypatch):
    """Why pods ask for none of them (`takes_service_links`)."""
    monkeypatch.setenv("PAYSTREAM_KAFKA_BOOTSTRAP_SERVICE_HOST", "10.0.0.1")
    with pytest.raises(KafkaSecurityError, match="BOOTSTRAP_SERVICE_HOST"):
        KafkaSecurity.load()


def test_a_second_publisher_never_runs_beside_the_first():
    spec = of_kind(built("production"), "Deployment")["paystream-publish-profiles"]["spec"]
    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "Recreate"}


def test_prometheus_may_ask_them_and_knows_them_by_the_rules_name():
    manifests = built("production")
    policy = of_kind(manifests, "NetworkPolicy")["paystream-deliveries"]["spec"]
    (entry,) = policy["ingress"]
    for name in DELIVERIES:
        (port,) = container(name)["ports"]
        assert {each["port"] for each in entry["ports"]} == {port["containerPort"]}
    monitor = of_kind(manifests, "PodMonitor")["paystream-deliveries"]["spec"]
    (endpoint,) = monitor["podMetricsEndpoints"]
    rules = yaml.safe_load((ROOT / "monitoring" / "rules" / "alerts.yml").read_text())["groups"]
    asked = str([rule["expr"] for group in rules for rule in group["rules"]])
    assert f'up{{job="{endpoint["relabelings"][0]["replacement"]}"}}' in asked
