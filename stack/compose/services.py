"""What does each service of the local stack have otherwise as a container, and why?"""

from __future__ import annotations

from typing import Final

from stack import elasticsearch, flink_home, kafka, object_store, postgres
from stack.compose.difference import Difference, applied
from stack.compose.shipped import (
    FLINK_FOLDER,
    JOBMANAGER,
    KAFKA_INSIDE,
    KAFKA_INSIDE_PORT,
    OBJECT_STORE,
    shipped_settings,
)
from stack.settings import HOST

_ANY: Final = "0.0.0.0"  # noqa: S104 - inside a container; published on the host's loopback only
_OWN_HOST: Final = "each container is a host of its own, found by its name"
_BIND: Final = "other containers connect; nothing is published beyond the host's loopback"
_IMAGE: Final = "a place in the image, not on the host"
_TEMPORARY: Final = f"{FLINK_FOLDER}/tmp"  # noqa: S108 - in the image, of its own user
_METRICS: Final = "Prometheus runs beside it and reads it"

FLINK: Final = (
    Difference("jobmanager.rpc.address", JOBMANAGER, _OWN_HOST),
    Difference("jobmanager.bind-host", _ANY, _BIND),
    Difference("taskmanager.host", None, "each replica says its own address"),
    Difference("taskmanager.bind-host", _ANY, _BIND),
    Difference("rest.address", JOBMANAGER, _OWN_HOST),
    Difference("rest.bind-address", _ANY, _BIND),
    Difference("io.tmp.dirs", _TEMPORARY, _IMAGE),
    Difference("web.tmpdir", _TEMPORARY, _IMAGE),
    Difference("process.jobmanager.working-dir", f"{FLINK_FOLDER}/work", _IMAGE),
    Difference(
        "state.backend.rocksdb.localdir",
        f"{FLINK_FOLDER}/rocksdb",
        "a tmpfs of each replica; the local stack names a folder for each TaskManager as it "
        "starts it",
    ),
    Difference("s3.endpoint", f"http://{OBJECT_STORE}:8333", _OWN_HOST),
    Difference("python.executable", "/opt/venv/bin/python", _IMAGE),
    Difference("python.client.executable", "/opt/venv/bin/python", _IMAGE),
    Difference(
        "metrics.reporter.prom.factory.class",
        "org.apache.flink.metrics.prometheus.PrometheusReporterFactory",
        _METRICS,
    ),
    Difference("metrics.reporter.prom.port", "9249", _METRICS),
    *(Difference(key, value, _METRICS) for key, value in flink_home.rocksdb_metrics().items()),
)

KAFKA: Final = (
    Difference(
        "listeners",
        f"PLAINTEXT://{_ANY}:9092,INSIDE://{_ANY}:{KAFKA_INSIDE_PORT},CONTROLLER://{HOST}:9093",
        _BIND,
    ),
    Difference(
        "advertised.listeners",
        f"PLAINTEXT://{HOST}:9092,INSIDE://{KAFKA_INSIDE}",
        "the host reaches the broker by another name than the containers do",
    ),
    Difference("inter.broker.listener.name", "INSIDE", "the name that holds within"),
    Difference(
        "listener.security.protocol.map",
        "PLAINTEXT:PLAINTEXT,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "for the listener that serves the containers",
    ),
    Difference("log.dirs", "/var/lib/kafka/data", "the named volume"),
)

ELASTICSEARCH: Final = (
    Difference("path.data", "/usr/share/elasticsearch/data", "the named volume"),
    Difference("path.logs", "/usr/share/elasticsearch/logs", _IMAGE),
    Difference("network.host", _ANY, _BIND),
)

POSTGRES: Final = (
    Difference("listen_addresses", "*", _BIND),
    Difference("unix_socket_directories", None, "the image's own start and its probe use it"),
)

STORE: Final = (
    Difference("dir", "/data", "the named volume"),
    Difference("ip", OBJECT_STORE, _OWN_HOST),
    Difference("ip.bind", _ANY, _BIND),
)


def flink_configuration() -> dict[str, str]:
    """Flink's ``config.yaml`` in the containers."""
    return applied(flink_home.configuration(shipped_settings()), FLINK)


def kafka_properties() -> dict[str, str]:
    """The broker's ``server.properties`` in its container."""
    return applied(kafka.server_properties(shipped_settings()), KAFKA)


def elasticsearch_configuration() -> dict[str, str]:
    """The node's ``elasticsearch.yml`` in its container."""
    return applied(elasticsearch.node_settings(shipped_settings()), ELASTICSEARCH)


def postgres_options() -> dict[str, str]:
    """The server's options in its container."""
    return applied(postgres.server_options(shipped_settings()), POSTGRES)


def object_store_options() -> dict[str, str]:
    """The object store's options in its container."""
    return applied(object_store.options(shipped_settings()), STORE)
