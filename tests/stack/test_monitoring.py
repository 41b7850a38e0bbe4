"""Does a stack with monitoring tell its metrics, at its own ports, to its own Prometheus?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from stack import flink, flink_home, kafka, prometheus
from stack.parts import parts
from stack.process import StackError
from stack.settings import StackSettings


@pytest.fixture
def monitored(tmp_path: Path) -> StackSettings:
    """Settings whose jars are empty files: nothing is started."""
    settings = StackSettings.with_free_ports(
        tmp_path / "data",
        jars_folder=tmp_path / "jars",
        prometheus_folder=tmp_path / "prometheus",
        monitoring=True,
        high_availability=True,
    )
    jars = {
        "kafka": "kafka_2.13-4.jar",
        "flink-connector": "connector.jar",
        "job": "job.jar",
        "stack": "paystream-stack-1.jar",
        "monitoring": "jmx_prometheus_javaagent-1.jar",
    }
    for folder, name in jars.items():
        (settings.jars_folder / folder).mkdir(parents=True)
        (settings.jars_folder / folder / name).touch()
    for name in ("prometheus", "promtool"):
        file = settings.prometheus_folder / "usr" / "bin" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return settings


def test_each_process_of_flink_tells_its_metrics_at_a_port_that_prometheus_asks(
    monitored: StackSettings,
) -> None:
    told = []
    for service in (
        *(flink.jobmanager(monitored, n) for n in range(2)),
        *(flink.taskmanager(monitored, n) for n in range(monitored.taskmanagers)),
    ):
        words = [word for word in service.command if word.startswith("metrics.reporter.prom.port")]
        told += [f"127.0.0.1:{word.partition('=')[2]}" for word in words]
    asked = {
        scrape["job_name"]: scrape["static_configs"][0]["targets"]
        for scrape in prometheus.configuration(monitored)["scrape_configs"]
    }
    assert len(set(told)) == 2 + monitored.taskmanagers
    assert [*asked["flink-jobmanager"], *asked["flink-taskmanager"]] == told
    assert asked["canary"] == [f"127.0.0.1:{monitored.canary_port}"]
    deliveries = (monitored.index_alerts_port, monitored.publish_profiles_port)
    assert asked["delivery"] == [f"127.0.0.1:{port}" for port in deliveries]


def test_the_reporter_listens_on_loopback_only(monitored: StackSettings) -> None:
    keys = flink_home.configuration(monitored)
    assert keys["metrics.reporter.prom.host"] == "127.0.0.1"
    flink_home.prepare(monitored)
    plugin = monitored.flink_folder / "plugins" / "metrics-prometheus"
    names = {jar.name for jar in plugin.iterdir()}
    assert "paystream-stack-1.jar" in names
    assert any(name.startswith("flink-metrics-prometheus-") for name in names)


def test_the_broker_tells_its_metrics_on_loopback_only(monitored: StackSettings) -> None:
    (agent,) = (w for w in kafka.service(monitored).command if w.startswith("-javaagent:"))
    jar, _, told = agent.removeprefix("-javaagent:").partition("=")
    assert Path(jar).exists()
    host, port, file = told.split(":", 2)
    assert (host, int(port)) == ("127.0.0.1", monitored.kafka_metrics_port)
    assert yaml.safe_load(Path(file).read_text(encoding="utf-8"))["rules"]


def test_prometheus_listens_on_loopback_only_and_evaluates_the_project_s_rules(
    monitored: StackSettings,
) -> None:
    prometheus.prepare(monitored)
    written = json.loads((monitored.monitoring_folder / "prometheus.yml").read_text())
    (pattern,) = written["rule_files"]
    assert len(list(Path("/").glob(pattern.lstrip("/")))) >= 2
    command = prometheus.service(monitored).command
    assert f"--web.listen-address=127.0.0.1:{monitored.prometheus_port}" in command


def test_a_plain_stack_tells_nothing(tmp_path: Path, monitored: StackSettings) -> None:
    plain = monitored.model_copy(update={"monitoring": False})
    assert "metrics.reporters" not in flink_home.configuration(plain)
    assert not any("javaagent" in word for word in kafka.service(plain).command)
    assert prometheus.NAME not in {part.service.name for part in parts(plain)}
    assert prometheus.NAME in {part.service.name for part in parts(monitored)}
    assert "prometheus_port" not in plain.ports()


def test_a_port_within_those_of_flink_s_metrics_is_refused() -> None:
    with pytest.raises(StackError, match="9251, but Flink's reporter takes 9249 to 9251"):
        StackSettings.load(kafka_port=9251, monitoring=True)
    StackSettings.load(kafka_port=9251)


def test_a_prometheus_that_is_nowhere_is_named_with_what_to_do(
    monitored: StackSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    absent = monitored.model_copy(update={"prometheus_folder": tmp_path / "absent"})
    with pytest.raises(StackError, match="make install-prometheus"):
        prometheus.binary(absent, "prometheus")
