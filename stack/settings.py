"""Where do the local services live, on which ports, and with how much memory?"""

from __future__ import annotations

import shutil
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from stack.free_ports import LOOPBACK, free_ports
from stack.port_table import (
    JOBMANAGERS,
    MOST_TASKMANAGERS,
    OBJECT_STORE_PORTS,
    OPTIONAL_PORTS,
    PORT_FIELDS,
    PORTS_IN_A_ROW,
)
from stack.process import StackError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
HOST = LOOPBACK
#: In which all files of a stack with an object store lie.
BUCKET = "paystream"
#: Files that are kept in memory.
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
#: From which size on it is taken by itself. A container has 64 MiB unless told otherwise.
MEMORY_ROOM_BYTES = 4 * 1024**3
ENV_PREFIX = "PAYSTREAM_STACK_"

Port = Annotated[int, Field(ge=1, le=65535)]
StateBackend = Literal["rocksdb", "hashmap"]
Jit = Literal["quick", "full"]

#: The superuser of the local PostgreSQL, without a password.
POSTGRES_USER = "paystream"


def _spare(known: dict[str, Any]) -> int:
    return int(bool(known.get("high_availability")))


def _one_and_spare(known: dict[str, Any]) -> int:
    return 1 + int(known.get("spare_taskmanagers", 0))


class StackSettings(BaseSettings):
    """Everything about the local stack that a person may change.

    Each field is read from the environment variable ``PAYSTREAM_STACK_<NAME>``; the sizes are
    choices that fit a laptop with 8 GiB.

    Attributes
    ----------
    data_folder
        All files of the stack: logs, pid files, topics, checkpoints. Made absolute.
    jars_folder
        Folder with the folders of jars ``kafka``, ``flink-connector``, ``flink-s3`` and ``job``,
        and of the archive ``elasticsearch``.
    kafka_port, kafka_controller_port, flink_rest_port, flink_rpc_port
        Ports on 127.0.0.1. All other ports are chosen by the system.
    elasticsearch, postgres
        Whether these run, too: alerts can be searched in the one, card profiles kept in the
        other. No run needs them.
    elasticsearch_port, elasticsearch_transport_port, postgres_port
        Theirs, on 127.0.0.1.
    monitoring
        Whether Prometheus runs and Flink and Kafka tell it their metrics.
    prometheus_port, kafka_metrics_port
        Of Prometheus, and of the broker's metrics, with monitoring only.
    flink_metrics_port
        Of the first JobManager's metrics; that of the second and those of the TaskManagers come
        after.
    canary_port, index_alerts_port, publish_profiles_port
        Where Prometheus looks for these, which are no services of the stack.
    scrape_interval_s
        How often Prometheus asks.
    prometheus_folder
        Where its package was unpacked.
    service_user
        As whom these two run where the caller is root, which they refuse to be.
    flink_standby_rest_port, zookeeper_port
        Of the second JobManager and of ZooKeeper, with high availability only.
    object_store_port
        Of S3, with the object store only; its parts talk to each other on the seven ports after.
    secured
        Kafka takes TLS connections only, asks for user and password, and allows what an access rule
        names (:mod:`stack.kafka_access`).
    high_availability
        Two JobManagers, of which one leads, and ZooKeeper, which knows which.
    object_store
        Checkpoints, savepoints and the metadata of high availability lie in a local S3 store.
    adaptive_scheduler
        Flink's adaptive scheduler: a running job takes another parallelism (`stack.autoscaler`).
    local_recovery
        TaskManagers keep a copy of their last checkpoint on the local disk, and RocksDB's files
        beside it; what they had before they restore from there.
    spare_taskmanagers
        TaskManagers beyond those that a job needs: it goes on there when one of its own dies, and
        need not wait for a JVM to start. 1 with high availability, else 0.
    taskmanagers
        Number of TaskManager processes, one slot each: a Python process has one GIL. One and the
        spare ones unless said otherwise.
    jit
        How the JVMs of Kafka and the TaskManagers compile: ``quick`` is C1 alone, which is at its
        best within seconds of a start; ``full`` adds C2, which takes minutes of the same cores and
        then needs less of them (``docs/decisions/0033``). Where nobody says it, as the stack runs.
    kafka_heap_mb, elasticsearch_heap_mb
        Java heaps, in MiB.
    jobmanager_memory_mb, taskmanager_memory_mb
        Whole process size of the Flink processes, in MiB.
    state_backend
        Cluster default for jobs that do not choose one.
    rocksdb_medium
        Where RocksDB's working files lie: ``memory`` (``/dev/shm``), ``disk`` (below the data
        folder), or ``auto``: memory where ``/dev/shm`` has room for at least 4 GiB. They are a
        copy of the state; what must last are the checkpoints, and these are always on disk.
    checkpoint_interval_ms
        Cluster default for jobs that do not choose one; None leaves checkpoints off.
    max_transaction_timeout_ms
        The longest transaction the broker accepts. A sink must ask for no more.
    heartbeat_interval_ms, heartbeat_timeout_ms
        How soon Flink notices a process that hangs (a killed one is noticed by its
        closed connection).
    zookeeper_session_ms
        How soon a JobManager that died or hangs is missed. A short session expires by itself on a
        machine that is too busy, and the standby takes over for nothing.
    restart_delay_ms
        Wait between a failure and the next attempt of a job.
    ready_deadline_s, stop_grace_s
        Longest wait for a service to answer; wait between SIGTERM and SIGKILL.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, extra="forbid", frozen=True, validate_default=True
    )

    data_folder: Path = PROJECT_ROOT / ".local" / "stack"
    jars_folder: Path = PROJECT_ROOT / ".local" / "jars"
    kafka_port: Port = 9092
    kafka_controller_port: Port = 9093
    flink_rest_port: Port = 8081
    flink_rpc_port: Port = 6123
    elasticsearch: bool = False
    elasticsearch_port: Port = 9200
    elasticsearch_transport_port: Port = 9300
    postgres: bool = False
    postgres_port: Port = 5432
    monitoring: bool = False
    prometheus_port: Port = 9090
    kafka_metrics_port: Port = 9404
    flink_metrics_port: Annotated[
        int, Field(ge=1, le=65536 - PORTS_IN_A_ROW["flink_metrics_port"])
    ] = 9249
    canary_port: Port = 9410
    index_alerts_port: Port = 9411
    publish_profiles_port: Port = 9412
    scrape_interval_s: Annotated[int, Field(ge=1, le=60)] = 5
    prometheus_folder: Path = PROJECT_ROOT / ".local" / "prometheus"
    service_user: str = "nobody"
    flink_standby_rest_port: Port = 8082
    zookeeper_port: Port = 2181
    object_store_port: Annotated[int, Field(ge=1, le=65536 - len(OBJECT_STORE_PORTS))] = 8333
    secured: bool = False
    high_availability: bool = False
    object_store: bool = False
    adaptive_scheduler: bool = False
    local_recovery: bool = False
    spare_taskmanagers: Annotated[int, Field(ge=0, le=63)] = Field(default_factory=_spare)
    taskmanagers: Annotated[int, Field(ge=1, le=MOST_TASKMANAGERS)] = Field(
        default_factory=_one_and_spare
    )
    jit: Jit = "quick"
    kafka_heap_mb: Annotated[int, Field(ge=256)] = 512
    elasticsearch_heap_mb: Annotated[int, Field(ge=256)] = 512
    jobmanager_memory_mb: Annotated[int, Field(ge=896)] = 1024
    taskmanager_memory_mb: Annotated[int, Field(ge=1280)] = 2304
    state_backend: StateBackend = "rocksdb"
    rocksdb_medium: Literal["auto", "memory", "disk"] = "auto"
    checkpoint_interval_ms: Annotated[int, Field(ge=10)] | None = None
    max_transaction_timeout_ms: Annotated[int, Field(ge=1_000)] = 15 * 60 * 1_000
    heartbeat_interval_ms: Annotated[int, Field(ge=100)] = 500
    heartbeat_timeout_ms: Annotated[int, Field(ge=200)] = 5_000
    zookeeper_session_ms: Annotated[int, Field(ge=1_000, le=60_000)] = 4_000
    restart_delay_ms: Annotated[int, Field(ge=0)] = 100
    ready_deadline_s: Annotated[float, Field(gt=0)] = 90.0
    stop_grace_s: Annotated[float, Field(gt=0)] = 10.0

    @field_validator("data_folder", "jars_folder", "prometheus_folder")
    @classmethod
    def _absolute(cls, folder: Path) -> Path:
        folder = folder.expanduser()
        # A path relative to the caller's folder would be another stack in every folder.
        return folder if folder.is_absolute() else PROJECT_ROOT / folder

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ports = self.ports()
        for name, port in ports.items():
            twin = next((other for other in ports if other != name and ports[other] == port), None)
            if twin:
                raise ValueError(f"{name} and {twin} are both {port}; give each its own port")
            for owner, who, taken in self._rows_of_ports():
                if name != owner and port in taken:
                    raise ValueError(
                        f"{name} is {port}, but {who} takes {taken[0]} to {taken[-1]}; give one "
                        "of them other ports"
                    )
        if self.heartbeat_timeout_ms <= self.heartbeat_interval_ms:
            raise ValueError(
                f"heartbeat_timeout_ms ({self.heartbeat_timeout_ms}) must be above "
                f"heartbeat_interval_ms ({self.heartbeat_interval_ms})"
            )
        return self

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Read the settings; a wrong one is a `StackError` that names its variable.

        Parameters
        ----------
        **overrides
            Fields that win over the environment.
        """
        try:
            return cls(**overrides)
        except ValidationError as error:
            raise StackError("wrong stack setting: " + "; ".join(_complaints(error))) from None

    @classmethod
    def with_free_ports(cls, folder: Path, **overrides: Any) -> Self:
        """Settings for a stack of its own: free ports, data below ``folder``.

        Parameters
        ----------
        folder
            Becomes the data folder.
        **overrides
            Further fields.
        """
        widths = [PORTS_IN_A_ROW.get(name, 1) for name in PORT_FIELDS]
        free = free_ports(sum(widths))
        ports = {name: free[sum(widths[:index])] for index, name in enumerate(PORT_FIELDS)}
        return cls.load(**{"data_folder": folder, **ports, **overrides})

    @property
    def kafka_address(self) -> str:
        """Bootstrap address of the broker."""
        return f"{HOST}:{self.kafka_port}"

    @property
    def flink_rest_urls(self) -> tuple[str, ...]:
        """Base addresses of Flink's REST interface and web page, one for each JobManager."""
        ports = [self.flink_rest_port]
        if self.high_availability:
            ports.append(self.flink_standby_rest_port)
        return tuple(f"http://{HOST}:{port}" for port in ports)

    @property
    def zookeeper_address(self) -> str:
        """Address of ZooKeeper."""
        return f"{HOST}:{self.zookeeper_port}"

    @property
    def object_store_url(self) -> str:
        """Base address of S3."""
        return f"http://{HOST}:{self.object_store_port}"

    @property
    def prometheus_url(self) -> str:
        """Address of Prometheus."""
        return f"http://{HOST}:{self.prometheus_port}"

    @property
    def elasticsearch_url(self) -> str:
        """Address of Elasticsearch."""
        return f"http://{HOST}:{self.elasticsearch_port}"

    @property
    def postgres_url(self) -> str:
        """Address of the database that PostgreSQL comes with."""
        return f"postgresql://{POSTGRES_USER}@{HOST}:{self.postgres_port}/postgres"

    @property
    def elasticsearch_folder(self) -> Path:
        """Everything of Elasticsearch but its archive."""
        return self.data_folder / "elasticsearch"

    @property
    def postgres_folder(self) -> Path:
        """Everything of PostgreSQL."""
        return self.data_folder / "postgres"

    @property
    def kafka_folder(self) -> Path:
        """Everything of the broker."""
        return self.data_folder / "kafka"

    @property
    def flink_folder(self) -> Path:
        """Everything of the Flink cluster."""
        return self.data_folder / "flink"

    @property
    def rocksdb_folder(self) -> Path:
        """RocksDB's working files, a folder for each TaskManager."""
        # Local copies of checkpoints are hard links: both have to lie on one file system.
        on_disk = self.rocksdb_medium == "disk" or self.local_recovery
        if on_disk or (self.rocksdb_medium == "auto" and not _has_room_in_memory()):
            return self.flink_folder / "rocksdb"
        # Two stacks on one machine must not share it.
        return SHARED_MEMORY / f"paystream-{zlib.crc32(bytes(self.data_folder)):08x}"

    @property
    def zookeeper_folder(self) -> Path:
        """Everything of ZooKeeper."""
        return self.data_folder / "zookeeper"

    @property
    def object_store_folder(self) -> Path:
        """Everything of the object store."""
        return self.data_folder / "object-store"

    @property
    def monitoring_folder(self) -> Path:
        """Everything of Prometheus but its package."""
        return self.data_folder / "prometheus"

    @property
    def checkpoint_uri(self) -> str:
        """Default place of checkpoints."""
        return self._place("checkpoints")

    @property
    def savepoint_uri(self) -> str:
        """Default place of savepoints."""
        return self._place("savepoints")

    @property
    def high_availability_uri(self) -> str:
        """Where jobs and checkpoints are described to the JobManager that takes over."""
        return self._place("high-availability")

    def _place(self, name: str) -> str:
        if self.object_store:
            return f"s3://{BUCKET}/{name}"
        return (self.flink_folder / name).as_uri()

    @property
    def python(self) -> Path:
        """The interpreter of the client and of the job's Python functions."""
        return Path(sys.executable)

    def ports(self) -> dict[str, int]:
        """Port by the name of its setting, of what is to run."""
        return {
            name: getattr(self, name)
            for name in PORT_FIELDS
            if name not in OPTIONAL_PORTS or getattr(self, OPTIONAL_PORTS[name])
        }

    def object_store_ports(self) -> dict[str, int]:
        """Port by the option of the object store that sets it; none where there is no store."""
        names = OBJECT_STORE_PORTS if self.object_store else ()
        return {name: self.object_store_port + n for n, name in enumerate(names)}

    def jobmanager_metrics_port(self, index: int) -> int:
        """Port of the metrics of a JobManager, with monitoring only."""
        return self.flink_metrics_port + index

    def taskmanager_metrics_port(self, index: int) -> int:
        """Port of the metrics of a TaskManager, with monitoring only."""
        return self.flink_metrics_port + JOBMANAGERS + index

    def _rows_of_ports(self) -> Iterator[tuple[str, str, range]]:
        """Fields that begin several ports, who takes these, and which they are."""
        if self.object_store:
            first = self.object_store_port
            yield (
                "object_store_port",
                "the object store",
                range(first, first + len(OBJECT_STORE_PORTS)),
            )
        if self.monitoring:
            first = self.flink_metrics_port
            yield (
                "flink_metrics_port",
                "Flink's reporter",
                range(first, self.taskmanager_metrics_port(self.taskmanagers)),
            )


def _has_room_in_memory() -> bool:
    # Its size, not what is free of it: the answer must be the same each time it is asked.
    try:
        return shutil.disk_usage(SHARED_MEMORY).total >= MEMORY_ROOM_BYTES
    except OSError:
        return False


def _complaints(error: ValidationError) -> Iterator[str]:
    for problem in error.errors():
        message = problem["msg"].removeprefix("Value error, ")
        if not problem["loc"]:
            yield message
            continue
        field = ".".join(str(part) for part in problem["loc"])
        variable = f"{ENV_PREFIX}{field.upper()}"
        yield f"{field} = {problem['input']!r}: {message} (set {variable})"
