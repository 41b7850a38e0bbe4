"""Which topics does a run have, and how are they made and removed?

A run is alone: its topics carry its prefix. Retention and the broker's timestamp checks work on
record timestamps, which in a replay are historic event times, so both are switched off.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from generator.kafka_client import (
    REACH_TIMEOUT_S,
    KafkaRefused,
    Settings,
    reason,
    require_broker,
)
from job.contracts import Topics

#: Partitions of each topic of a run: a choice, the highest parallelism that is tested.
PARTITIONS: Final = 4
#: Longest wait for a topic to be made or removed, in seconds.
TOPIC_TIMEOUT_S: Final = 30.0

_UNLIMITED_MS: Final = str(2**63 - 1)
_TOPIC_CONFIG: Final = {
    "retention.ms": "-1",
    "message.timestamp.after.max.ms": _UNLIMITED_MS,
    "message.timestamp.before.max.ms": _UNLIMITED_MS,
}


def run_topics(prefix: str) -> tuple[str, ...]:
    """Names of all topics of a run.

    Examples
    --------
    >>> run_topics("run-7.")[:2]
    ('run-7.swipes', 'run-7.card-profiles')
    """
    topics = Topics.with_prefix(prefix)
    return (
        topics.swipes,
        topics.card_profiles,
        topics.rules,
        topics.fraud_reports,
        *topics.outputs(),
        topics.rule_audit,
    )


def create_run_topics(
    bootstrap: str,
    prefix: str,
    *,
    partitions: int = PARTITIONS,
    replication: int = 1,
    extra: Settings | None = None,
) -> tuple[str, ...]:
    """Make the topics of a run and wait until the broker lists them.

    Parameters
    ----------
    bootstrap
        Comma-separated ``host:port``.
    prefix
        Of the run, e.g. ``"run-7."``.
    partitions, replication
        Of each topic.
    extra
        Any librdkafka setting.

    Returns
    -------
    tuple of str
        The names, prefix included.

    Raises
    ------
    KafkaUnreachable
        When no broker answers.
    KafkaRefused
        When one exists already (a run is alone) or the broker refuses.
    """
    names = run_topics(prefix)
    _create_those(names, bootstrap, prefix, partitions, replication, extra)
    return names


def create_missing_topics(
    bootstrap: str,
    prefix: str,
    *,
    partitions: int = PARTITIONS,
    replication: int = 1,
    extra: Settings | None = None,
) -> tuple[str, ...]:
    """Make those topics of a job that are not there; what is there stays as it is.

    Parameters
    ----------
    bootstrap, prefix, partitions, replication, extra
        As of :func:`create_run_topics`.

    Returns
    -------
    tuple of str
        What was made.

    Raises
    ------
    KafkaUnreachable, KafkaRefused
        When no broker answers, or it refuses.
    """
    missing = sorted(set(run_topics(prefix)) - existing_topics(bootstrap, extra))
    if missing:
        _create_those(missing, bootstrap, prefix, partitions, replication, extra)
    return tuple(missing)


def _create_those(
    names: Iterable[str],
    bootstrap: str,
    prefix: str,
    partitions: int,
    replication: int,
    extra: Settings | None,
) -> None:
    """Make these topics of a run, each as it has to be."""
    create_topics(
        bootstrap,
        dict.fromkeys(names, partitions),
        compacted=Topics.with_prefix(prefix).compacted(),
        replication=replication,
        extra=extra,
    )


def create_topics(
    bootstrap: str,
    partitions: Mapping[str, int],
    *,
    compacted: Iterable[str] = (),
    replication: int = 1,
    extra: Settings | None = None,
) -> None:
    """Make topics that keep every record for ever, whatever its timestamp.

    Parameters
    ----------
    bootstrap
        Comma-separated ``host:port``.
    partitions
        Number of partitions by topic name.
    compacted
        Those that keep the newest record of each key only.
    replication
        Copies of each partition.
    extra
        Any librdkafka setting.

    Raises
    ------
    KafkaUnreachable, KafkaRefused
        As for :func:`create_run_topics`.
    """
    admin = require_broker(bootstrap, extra)
    compact = set(compacted)
    futures = admin.create_topics(
        [
            NewTopic(name, count, replication, config=topic_config(compacted=name in compact))
            for name, count in partitions.items()
        ],
        operation_timeout=TOPIC_TIMEOUT_S,
    )
    for name, future in futures.items():
        try:
            future.result(TOPIC_TIMEOUT_S)
        except KafkaException as error:
            hint = (
                "; choose another prefix or delete the run's topics"
                if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS
                else ""
            )
            raise KafkaRefused(f"topic {name} cannot be made: {reason(error)}{hint}") from None
    _await_listed(admin, partitions)


def _await_listed(admin: AdminClient, names: Iterable[str]) -> None:
    """The broker confirms a topic a moment before it can tell where its partitions are."""
    deadline_s = time.monotonic() + TOPIC_TIMEOUT_S
    while not set(names) <= _existing(admin):
        if time.monotonic() > deadline_s:
            raise KafkaRefused(
                f"topics were made, but the broker does not list them after {TOPIC_TIMEOUT_S:g} s"
            )
        time.sleep(0.05)


def topic_config(*, compacted: bool) -> dict[str, str]:
    """Settings of a topic, here and wherever else it is made.

    Parameters
    ----------
    compacted
        Whether the newest record of each key counts.
    """
    config = dict(_TOPIC_CONFIG)
    if compacted:
        config["cleanup.policy"] = "compact"
    return config


def delete_topics(
    bootstrap: str, names: Iterable[str], extra: Settings | None = None
) -> tuple[str, ...]:
    """Remove topics; those that do not exist are passed over.

    Returns
    -------
    tuple of str
        What was removed.

    Raises
    ------
    KafkaUnreachable
        When no broker answers.
    KafkaRefused
        When the broker refuses.
    """
    admin = require_broker(bootstrap, extra)
    present = sorted(set(names) & _existing(admin))
    if not present:
        return ()
    removed = []
    for name, future in admin.delete_topics(present, operation_timeout=TOPIC_TIMEOUT_S).items():
        try:
            future.result(TOPIC_TIMEOUT_S)
        except KafkaException as error:
            # Already gone: the list of topics lags behind a removal.
            if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                continue
            raise KafkaRefused(f"topic {name} cannot be removed: {reason(error)}") from None
        removed.append(name)
    return tuple(removed)


def delete_run_topics(
    bootstrap: str, prefix: str, extra: Settings | None = None
) -> tuple[str, ...]:
    """Remove a run's topics, the one of its floor probe, and what others may have added.

    Returns
    -------
    tuple of str
        What was removed.

    Raises
    ------
    KafkaUnreachable, KafkaRefused
        As for :func:`delete_topics`.
    """
    topics = Topics.with_prefix(prefix)
    added = (floor_topic(prefix), topics.alerts_dead_letters)
    return delete_topics(bootstrap, (*run_topics(prefix), *added), extra)


def existing_topics(bootstrap: str, extra: Settings | None = None) -> set[str]:
    """Names of the topics that a broker serves.

    Raises
    ------
    KafkaUnreachable
        When no broker answers.
    """
    return _existing(require_broker(bootstrap, extra))


def floor_topic(prefix: str) -> str:
    """Topic of the plain Kafka round trip that is measured beside a run."""
    return f"{prefix}floor"


def _existing(admin: AdminClient) -> set[str]:
    """Topics whose partitions all have a leader."""
    topics = admin.list_topics(timeout=REACH_TIMEOUT_S).topics
    return {
        name
        for name, topic in topics.items()
        if topic.error is None and all(each.leader >= 0 for each in topic.partitions.values())
    }
