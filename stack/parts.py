"""Of which services does a stack consist, and which of them needs which?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from stack import elasticsearch, flink, kafka, object_store, postgres, prometheus, zookeeper
from stack.process import ProcessRecord, Service
from stack.settings import StackSettings
from stack.taskmanager_blobs import forget_blobs


@dataclass(frozen=True)
class Part:
    """A service with all that is needed to bring it up.

    Attributes
    ----------
    service, probe
        The process, and whether it serves.
    ports
        What it listens on, each with the setting that changes it.
    needs
        Services of which one must have run on for this one to be of use still; empty for none.
    is_foundation
        Whether it has to serve before the others are started.
    prepare
        Makes its files before a start; None where that is done elsewhere.
    """

    service: Service
    probe: Callable[[], bool]
    ports: tuple[tuple[str, int], ...] = ()
    needs: tuple[str, ...] = ()
    is_foundation: bool = False
    prepare: Callable[[], None] | None = None


def parts(settings: StackSettings) -> list[Part]:
    """All services of a stack in the order of their start."""
    jobmanagers = [flink.jobmanager_name(n) for n in range(len(settings.flink_rest_urls))]
    return [
        *(_zookeeper(settings) if settings.high_availability else ()),
        *(_object_store(settings) if settings.object_store else ()),
        Part(
            kafka.service(settings),
            kafka.probe(settings),
            (
                *_ports(settings, "kafka_port", "kafka_controller_port"),
                *(_ports(settings, "kafka_metrics_port") if settings.monitoring else ()),
            ),
        ),
        *(_jobmanager(settings, index) for index in range(len(jobmanagers))),
        *(
            Part(
                flink.taskmanager(settings, index),
                flink.taskmanager_probe(settings, index),
                _metrics_port(settings, settings.taskmanager_metrics_port(index)),
                needs=tuple(jobmanagers),
                prepare=partial(forget_blobs, settings, index),
            )
            for index in range(settings.taskmanagers)
        ),
        *(_elasticsearch(settings) if settings.elasticsearch else ()),
        *(_postgres(settings) if settings.postgres else ()),
        *(_prometheus(settings) if settings.monitoring else ()),
    ]


def _zookeeper(settings: StackSettings) -> tuple[Part]:
    return (
        Part(
            zookeeper.service(settings),
            zookeeper.probe(settings),
            _ports(settings, "zookeeper_port"),
            is_foundation=True,
        ),
    )


def _object_store(settings: StackSettings) -> tuple[Part]:
    ports = settings.object_store_ports().values()
    return (
        Part(
            object_store.service(settings),
            object_store.probe(settings),
            tuple(("object_store_port", port) for port in ports),
            is_foundation=True,
        ),
    )


def _elasticsearch(settings: StackSettings) -> tuple[Part]:
    return (
        Part(
            elasticsearch.service(settings),
            elasticsearch.probe(settings),
            _ports(settings, "elasticsearch_port", "elasticsearch_transport_port"),
            prepare=lambda: elasticsearch.prepare(settings),
        ),
    )


def _postgres(settings: StackSettings) -> tuple[Part]:
    return (
        Part(
            postgres.service(settings),
            postgres.probe(settings),
            _ports(settings, "postgres_port"),
            prepare=lambda: postgres.prepare(settings),
        ),
    )


def _prometheus(settings: StackSettings) -> tuple[Part]:
    return (
        Part(
            prometheus.service(settings),
            prometheus.probe(settings),
            _ports(settings, "prometheus_port"),
            prepare=lambda: prometheus.prepare(settings),
        ),
    )


def _jobmanager(settings: StackSettings, index: int) -> Part:
    if index:
        names = ("flink_standby_rest_port",)
    else:
        # With high availability the system chooses, and ZooKeeper tells.
        rpc = () if settings.high_availability else ("flink_rpc_port",)
        names = ("flink_rest_port", *rpc)
    return Part(
        flink.jobmanager(settings, index),
        flink.jobmanager_probe(settings, index),
        (
            *_ports(settings, *names),
            *_metrics_port(settings, settings.jobmanager_metrics_port(index)),
        ),
        needs=(zookeeper.NAME,) if settings.high_availability else (),
    )


def _ports(settings: StackSettings, *names: str) -> tuple[tuple[str, int], ...]:
    return tuple((name, settings.ports()[name]) for name in names)


def _metrics_port(settings: StackSettings, port: int) -> tuple[tuple[str, int], ...]:
    return (("flink_metrics_port", port),) if settings.monitoring else ()


def stopping_order(record: ProcessRecord) -> int:
    """Sorts services so that none loses what it needs before it is stopped."""
    kinds = ("taskmanager", flink.JOBMANAGER, kafka.NAME, zookeeper.NAME, object_store.NAME)
    found = (n for n, kind in enumerate(kinds) if record.name.startswith(kind))
    return next(found, len(kinds))
