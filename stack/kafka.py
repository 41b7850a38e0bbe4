"""How does one Kafka broker run from the jars, without a container?

KRaft mode: one process is broker and controller. Its properties are written from the settings
at each start, its log folder is formatted once. A secured one keeps a log folder of its own: its
users are made when that is formatted.
"""

from __future__ import annotations

import base64
import logging
import shutil
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from stack import kafka_access
from stack.java import C1_ALONE, java_binary, jit_options, jvm_environment
from stack.process import Service, StackError, write_whole
from stack.settings import HOST, PROJECT_ROOT, StackSettings

NAME = "kafka"
#: Which of the broker's many figures are told, and under which names.
METRICS_FILE = PROJECT_ROOT / "monitoring" / "kafka-jmx.yml"
_REQUEST_TIMEOUT_S = 2.0
_FORMAT_TIMEOUT_S = 60.0
_LONG_MAX = 2**63 - 1

_LOG4J = """\
status = error
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d] %p %m (%c)%n
# One line a partition and change: hundreds at each start.
logger.state.name = state.change.logger
logger.state.level = warn
logger.config.name = org.apache.kafka.common.config
logger.config.level = warn
logger.server_config.name = org.apache.kafka.common.utils.AppInfoParser
logger.server_config.level = warn
"""


def server_properties(settings: StackSettings) -> dict[str, str]:
    """The broker's configuration.

    Parameters
    ----------
    settings
        Ports, folder and the transaction limit.
    """
    listener, controller = ("SASL_SSL", "SSL") if settings.secured else ("PLAINTEXT", "PLAINTEXT")
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        # A fixed voter: its port can change between two starts of the same folder.
        "controller.quorum.voters": f"1@{HOST}:{settings.kafka_controller_port}",
        "listeners": (
            f"{listener}://{settings.kafka_address},"
            f"CONTROLLER://{HOST}:{settings.kafka_controller_port}"
        ),
        "advertised.listeners": f"{listener}://{settings.kafka_address}",
        "inter.broker.listener.name": listener,
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": f"{listener}:{listener},CONTROLLER:{controller}",
        **(kafka_access.broker_properties(settings) if settings.secured else {}),
        "log.dirs": str(log_folder(settings)),
        "num.network.threads": "3",
        "num.io.threads": "4",
        # A misspelt topic should be an error, not a new topic.
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": "0",
        # One node holds every replica. Few partitions of the internal topics: 100 folders
        # that are opened at each start and never needed.
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        "transaction.max.timeout.ms": str(settings.max_transaction_timeout_ms),
        # A transaction whose producer died hides what comes after it from committed readers.
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
        # Retention and the check of timestamps use the event time of the records, which in a
        # replay lies anywhere: no record may vanish or be refused for its time.
        "log.retention.ms": "-1",
        "log.message.timestamp.after.max.ms": str(_LONG_MAX),
        "log.message.timestamp.before.max.ms": str(_LONG_MAX),
        "log.segment.bytes": str(128 * 1024 * 1024),
        "log.cleaner.threads": "1",
        "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
        # Topics of finished runs are deleted: give the disk back at once, not after a minute.
        "file.delete.delay.ms": "1000",
        "log.segment.delete.delay.ms": "1000",
        "num.recovery.threads.per.data.dir": "2",
    }


def log_folder(settings: StackSettings) -> Path:
    """Where the topics lie."""
    return settings.kafka_folder / ("data-secured" if settings.secured else "data")


def is_secured(settings: StackSettings) -> bool:
    """Whether the broker of this folder was last started secured, whatever the settings say."""
    try:
        written = (settings.kafka_folder / "server.properties").read_text()
    except OSError:
        return False
    return "inter.broker.listener.name=SASL_SSL\n" in written


def _properties_text(settings: StackSettings) -> str:
    return "".join(f"{key}={value}\n" for key, value in server_properties(settings).items())


def _jars(settings: StackSettings) -> str:
    folder = settings.jars_folder / "kafka"
    if not any(folder.glob("kafka_*.jar")):
        raise StackError(f"no Kafka jars in {folder}; run `make install`")
    return str(folder / "*")


def service(settings: StackSettings) -> Service:
    """Describe the broker's process."""
    folder = settings.kafka_folder
    heap = f"{settings.kafka_heap_mb}m"
    command = (
        java_binary(),
        f"-Xms{heap}",
        f"-Xmx{heap}",
        *jit_options(settings.jit),
        "-XX:+UseG1GC",
        "-XX:MaxGCPauseMillis=20",
        "-XX:+ExplicitGCInvokesConcurrent",
        "-Djava.awt.headless=true",
        *_metrics_agent(settings),
        f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}",
        "-cp",
        _jars(settings),
        "kafka.Kafka",
        str(folder / "server.properties"),
    )
    return Service(
        name=NAME,
        command=command,
        environment=jvm_environment(),
        working_folder=folder,
        folder=folder,
        address=settings.kafka_address,
        configuration=_properties_text(settings) + _metrics_text(settings),
    )


def _metrics_agent(settings: StackSettings) -> tuple[str, ...]:
    """The agent that tells Prometheus what the broker tells by JMX."""
    if not settings.monitoring:
        return ()
    folder = settings.jars_folder / "monitoring"
    found = sorted(folder.glob("jmx_prometheus_javaagent-*.jar"))
    if not found:
        raise StackError(f"no agent for Kafka's metrics in {folder}; run `make install`")
    return (f"-javaagent:{found[-1]}={HOST}:{settings.kafka_metrics_port}:{METRICS_FILE}",)


def _metrics_text(settings: StackSettings) -> str:
    return METRICS_FILE.read_text(encoding="utf-8") if settings.monitoring else ""


def prepare(settings: StackSettings) -> None:
    """Write the configuration, and format the log folder when it is new or half formatted."""
    folder = settings.kafka_folder
    write_whole(folder / "server.properties", _properties_text(settings).encode())
    write_whole(folder / "log4j2.properties", _LOG4J.encode())
    if (log_folder(settings) / "meta.properties").exists():
        return
    shutil.rmtree(log_folder(settings), ignore_errors=True)
    if not settings.secured:
        _format(settings)
        return
    kafka_access.make(settings)
    users = kafka_access.scram_arguments(settings)
    try:
        # `@`: the arguments stand in that file.
        _format(settings, f"@{users}")
    finally:
        users.unlink(missing_ok=True)


def _format(settings: StackSettings, *more: str) -> None:
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    command = [
        java_binary(),
        "-Xmx128m",
        C1_ALONE,
        f"-Dlog4j2.configurationFile={settings.kafka_folder / 'log4j2.properties'}",
        "-cp",
        _jars(settings),
        "kafka.tools.StorageTool",
        "format",
        # With `=`: the id may begin with a dash.
        f"--cluster-id={cluster_id}",
        f"--config={settings.kafka_folder / 'server.properties'}",
        *more,
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_FORMAT_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        raise StackError(f"formatting Kafka's folder took over {_FORMAT_TIMEOUT_S:g} s") from None
    finally:
        if not (log_folder(settings) / "meta.properties").exists():
            shutil.rmtree(log_folder(settings), ignore_errors=True)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-10:])
        raise StackError(f"Kafka's folder {log_folder(settings)} cannot be formatted", tail)


def probe(settings: StackSettings) -> Callable[[], bool]:
    """Make a check that asks the broker for its topics and closes no port in between."""
    # librdkafka prints a line for each refused connection unless it is given a logger.
    silent = logging.getLogger("stack.kafka.probe")
    silent.addHandler(logging.NullHandler())
    silent.propagate = False
    admins: list[AdminClient] = []

    def answers() -> bool:
        # Made at the first question: before a start there is no password yet.
        if not admins:
            admins.append(AdminClient(_probe_client(settings), logger=silent))
        try:
            metadata = admins[0].list_topics(timeout=_REQUEST_TIMEOUT_S)
        except KafkaException:
            return False
        return len(metadata.brokers) > 0

    return answers


def _probe_client(settings: StackSettings) -> dict[str, Any]:
    return {
        "bootstrap.servers": settings.kafka_address,
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 200,
        "socket.timeout.ms": 2_000,
        "error_cb": lambda _error: None,
        **kafka_access.librdkafka(settings, kafka_access.ADMIN),
    }
