"""How does a client reach Kafka, and what does it say once when it cannot?

librdkafka prints a line for each refused connection, twenty a second. Clients built with the
settings here are silent; :func:`require_broker` says it once, in one line. TLS and passwords come
from the environment (:mod:`job.kafka_security`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from job.kafka_refusals import RefusedByBroker, first_metadata, hear_refusals
from job.kafka_security import KafkaSecurityError, client_security

#: Longest wait for the first answer of a broker, in seconds. A choice: a local broker needs ms.
REACH_TIMEOUT_S: Final = 5.0

Settings = Mapping[str, str]

#: Takes librdkafka's log lines and keeps them to itself.
silent_logger: Final = logging.getLogger("paystream.kafka")
silent_logger.addHandler(logging.NullHandler())
silent_logger.propagate = False


class KafkaUnreachable(Exception):
    """No broker answers at the bootstrap address. The message is one line for a person."""


class KafkaRefused(Exception):
    """The broker or the client library refused a request. The message is one line."""


def client_settings(bootstrap: str, extra: Settings | None = None, **own: Any) -> dict[str, Any]:
    """Settings of a silent client.

    Parameters
    ----------
    bootstrap
        Comma-separated ``host:port``.
    extra
        Any librdkafka setting, as a person gave it. Wins over ``own``.
    **own
        What the caller needs; underscores stand for dots.

    Raises
    ------
    KafkaRefused
        When a setting of the environment cannot be used.
    """
    try:
        secured = client_security(extra or {})
    except KafkaSecurityError as error:
        raise KafkaRefused(str(error)) from None
    return {
        "bootstrap.servers": bootstrap,
        # The first retries come at once, so that a restarted broker is found within 0.2 s.
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 500,
        "topic.metadata.refresh.fast.interval.ms": 100,
        # An idle client of a run in progress must not have to reconnect.
        "connections.max.idle.ms": 0,
        "error_cb": _ignore,
        **secured,
        **{name.replace("_", "."): value for name, value in own.items()},
        **(extra or {}),
    }


def _ignore(_error: object) -> None:
    """Transport errors are retried; what finally fails is reported by the call that needed it."""


def admin_client(bootstrap: str, extra: Settings | None = None) -> AdminClient:
    """A silent administration client.

    Raises
    ------
    KafkaRefused
        When a setting is unknown or wrong.
    """
    return _admin(client_settings(bootstrap, extra))


def _admin(settings: Mapping[str, Any]) -> AdminClient:
    try:
        return AdminClient(settings, logger=silent_logger)
    except KafkaException as error:
        raise KafkaRefused(f"Kafka client setting refused: {reason(error)}") from None


def require_broker(
    bootstrap: str, extra: Settings | None = None, timeout_s: float = REACH_TIMEOUT_S
) -> AdminClient:
    """Wait until a broker answers, and give back the client that reached it.

    Parameters
    ----------
    bootstrap
        Comma-separated ``host:port``.
    extra
        Any librdkafka setting.
    timeout_s
        Longest wait, in seconds.

    Raises
    ------
    KafkaUnreachable
        When none answers in time.
    KafkaRefused
        When a setting is unknown or wrong, or the broker refuses login or certificate.
    """
    errors: list[str] = []
    settings = client_settings(bootstrap, extra) | {"error_cb": hear_refusals(errors)}
    admin = _admin(settings)
    try:
        first_metadata(admin, errors, settings, KafkaException, timeout_s)
    except RefusedByBroker as error:
        raise KafkaRefused(str(error)) from None
    except KafkaException as error:
        raise KafkaUnreachable(
            f"Kafka does not answer at {bootstrap} ({reason(error)}, waited {timeout_s:g} s); "
            "start it (`make stack-up`) or give the right address"
        ) from None
    return admin


def topic_partitions(admin: AdminClient, topics: Iterable[str]) -> dict[str, int]:
    """Number of partitions by topic.

    Raises
    ------
    KafkaRefused
        When one does not exist, naming all that are missing.
    """
    wanted = list(topics)
    known = admin.list_topics(timeout=REACH_TIMEOUT_S).topics
    missing = [topic for topic in wanted if topic not in known or known[topic].error]
    if missing:
        raise KafkaRefused(
            f"no topic {', '.join(missing)} on this Kafka, or none that this user may see; create "
            "the run's topics first"
        )
    return {topic: len(known[topic].partitions) for topic in wanted}


def parse_settings(pairs: Iterable[str]) -> dict[str, str]:
    """Read ``key=value`` arguments.

    Raises
    ------
    ValueError
        When one has no ``=``, naming it.

    Examples
    --------
    >>> parse_settings(["linger.ms=5", "sasl.password=a=b"])
    {'linger.ms': '5', 'sasl.password': 'a=b'}
    """
    settings = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise ValueError(f"kafka setting {pair!r} is not key=value, e.g. linger.ms=5")
        settings[name.strip()] = value.strip()
    return settings


def reason(error: KafkaException) -> str:
    """What a Kafka exception says, in one line."""
    inner = error.args[0]
    text = inner.str() if hasattr(inner, "str") else str(inner)
    return " ".join(str(text).split())
