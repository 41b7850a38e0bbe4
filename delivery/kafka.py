"""How do the deliveries read and write Kafka?

Clients are silent: librdkafka would print a line for each refused connection. What is wrong is
said once, by the call that needed it. TLS and passwords come from the environment
(:mod:`job.kafka_security`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, ClusterMetadata, NewTopic

from delivery.problems import DeliveryError
from job.kafka_refusals import RefusedByBroker, first_metadata, hear_refusals
from job.kafka_security import KafkaSecurityError, client_security

#: Longest wait for the first answer of a broker, and for confirmations, in seconds.
REACH_TIMEOUT_S: Final = 10.0
CONFIRM_TIMEOUT_S: Final = 60.0

Settings = Mapping[str, str]

#: Takes librdkafka's log lines and keeps them to itself.
silent_logger: Final = logging.getLogger("paystream.delivery.kafka")
silent_logger.addHandler(logging.NullHandler())
silent_logger.propagate = False


def client_settings(bootstrap: str, own: Settings, extra: Settings) -> dict[str, Any]:
    """Settings of a silent client: our own, and over them those that a person gave."""
    try:
        secured = client_security(extra)
    except KafkaSecurityError as error:
        raise DeliveryError(str(error)) from None
    return {"bootstrap.servers": bootstrap, "error_cb": _ignore, **secured, **own, **extra}


def _ignore(_error: object) -> None:
    """Transport errors are retried; what finally fails is said by the call that needed it."""


def reach(bootstrap: str, extra: Settings) -> tuple[AdminClient, ClusterMetadata]:
    """A client for administration and what the broker says of itself.

    Parameters
    ----------
    bootstrap
        Comma-separated ``host:port``.
    extra
        Any librdkafka setting, as a person gave it; wins over our own.

    Raises
    ------
    DeliveryError
        When no broker answers, it refuses this client, or a setting is wrong.
    """
    errors: list[str] = []
    settings = client_settings(bootstrap, {}, extra) | {"error_cb": hear_refusals(errors)}
    try:
        admin = AdminClient(settings, logger=silent_logger)
    except KafkaException as error:
        raise DeliveryError(f"Kafka setting refused: {reason(error)}") from None
    try:
        return admin, first_metadata(admin, errors, settings, KafkaException, REACH_TIMEOUT_S)
    except RefusedByBroker as error:
        raise DeliveryError(str(error)) from None
    except KafkaException as error:
        raise DeliveryError(
            f"Kafka does not answer at {bootstrap} ({reason(error)}); start it "
            "(`make stack-up`) or give the right address with --bootstrap"
        ) from None


def require_topic(known: ClusterMetadata, topic: str) -> None:
    """Refuse a topic that is not there."""
    found = known.topics.get(topic)
    if found is None or found.error is not None:
        raise DeliveryError(f"no topic {topic} on this Kafka; is --topic-prefix right?")


def ensure_topic(admin: AdminClient, known: ClusterMetadata, topic: str, *, compacted: bool,
                 like: str | None = None) -> None:  # fmt: skip
    """Make a topic that is not there.

    Parameters
    ----------
    admin, known
        Of the broker.
    topic
        To make.
    compacted
        Whether it keeps the newest record of each key only.
    like
        A topic whose number of partitions it takes; otherwise the broker's default.
    """
    found = known.topics.get(topic)
    if found is not None and found.error is None:
        return
    partitions = -1 if like is None else len(known.topics[like].partitions)
    # Event times may lie far back: no record may vanish or be refused for its timestamp.
    config = {"retention.ms": "-1", "message.timestamp.before.max.ms": str(2**63 - 1)}
    if compacted:
        config["cleanup.policy"] = "compact"
    made = admin.create_topics([NewTopic(topic, partitions, -1, config=config)])
    try:
        made[topic].result(CONFIRM_TIMEOUT_S)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise DeliveryError(f"topic {topic} cannot be made: {reason(error)}") from None


def open_consumer(bootstrap: str, group: str, extra: Settings) -> Consumer:
    """A consumer of committed records that notes its place only when told to."""
    own = {
        "group.id": group,
        "auto.offset.reset": "earliest",
        "isolation.level": "read_committed",
        "enable.auto.commit": "false",
        "enable.auto.offset.store": "false",
        "enable.partition.eof": "true",
    }
    return make_consumer(bootstrap, own, extra)


def make_consumer(bootstrap: str, own: Settings, extra: Settings) -> Consumer:
    """A silent consumer.

    Parameters
    ----------
    bootstrap, extra
        As for :func:`reach`.
    own
        What the caller needs; ``extra`` wins over it.

    Raises
    ------
    DeliveryError
        When a setting is refused.
    """
    try:
        return Consumer(client_settings(bootstrap, own, extra), logger=silent_logger)
    except KafkaException as error:
        raise DeliveryError(f"Kafka setting refused: {reason(error)}") from None


class ConfirmedProducer:
    """Writes, and says only when all is confirmed that it has written.

    Parameters
    ----------
    bootstrap, extra
        As for :func:`reach`.
    """

    def __init__(self, bootstrap: str, extra: Settings) -> None:
        own = {
            "acks": "all",
            "enable.idempotence": "true",
            "linger.ms": "20",
            # Where a Java client would put the key: the job's other producers do the same.
            "partitioner": "murmur2",
        }
        try:
            self._producer = Producer(client_settings(bootstrap, own, extra), logger=silent_logger)
        except KafkaException as error:
            raise DeliveryError(f"Kafka setting refused: {reason(error)}") from None
        self._refused: list[str] = []

    def write(self, topic: str, key: str, value: bytes | None, record_time_ms: int) -> None:
        """Hand one record over; None is the tombstone of its key."""
        while True:
            try:
                self._producer.produce(
                    topic,
                    value,
                    key.encode(),
                    on_delivery=self._report,
                    timestamp=record_time_ms,
                )
            except BufferError:
                self._served(lambda: self._producer.poll(0.05))
                continue
            except KafkaException as error:
                raise DeliveryError(f"{topic} takes no record: {reason(error)}") from None
            break
        self._served(lambda: self._producer.poll(0))

    def confirm(self) -> None:
        """Wait until Kafka has all that was handed over.

        Raises
        ------
        DeliveryError
            When one was not confirmed; nothing may be noted as done then.
        """
        outstanding = self._served(lambda: self._producer.flush(CONFIRM_TIMEOUT_S))
        refused, self._refused = self._refused, []
        if outstanding:
            self._producer.purge()
            self._served(lambda: self._producer.flush(1.0))
            raise DeliveryError(
                f"{outstanding} records were not confirmed by Kafka within {CONFIRM_TIMEOUT_S:g} s"
            )
        if refused:
            raise DeliveryError(f"{len(refused)} records were refused by Kafka: {refused[0]}")

    @staticmethod
    def _served(request: Callable[[], int]) -> int:
        """Let the client serve its callbacks; what is fatal comes out there, whoever asks."""
        try:
            return request()
        except (KafkaException, SystemError) as error:
            fatal = _of_kafka(error)
        raise DeliveryError(f"Kafka takes nothing more of this writer: {fatal}")

    def _report(self, error: Any, _message: object) -> None:
        if error is not None:
            self._refused.append(error.str())


class SoleProducer(ConfirmedProducer):
    """Writes in transactions of one name: who opens it shuts out whoever had it before.

    What the other one has still under way is then refused by Kafka, however late it arrives.

    Parameters
    ----------
    bootstrap, extra
        As for :func:`reach`.
    name
        Of the transactions, ``transactional.id``.
    """

    def __init__(self, bootstrap: str, name: str, extra: Settings) -> None:
        super().__init__(bootstrap, {"transactional.id": name, **extra})
        self._name = name
        self._is_open = self._is_writing = False

    def open(self) -> None:
        """Be the one who writes under this name; a second time changes nothing.

        Raises
        ------
        DeliveryError
            When Kafka does not let it.
        """
        if not self._is_open:
            self._asked(lambda: self._producer.init_transactions(CONFIRM_TIMEOUT_S))
            self._is_open = True

    def write(self, topic: str, key: str, value: bytes | None, record_time_ms: int) -> None:
        """Hand one record over; None is the tombstone of its key."""
        if not self._is_writing:
            self._asked(self._producer.begin_transaction)
            self._is_writing = True
        super().write(topic, key, value, record_time_ms)

    def confirm(self) -> None:
        """Wait until Kafka has all that was handed over, and has committed it.

        Raises
        ------
        DeliveryError
            When one was not confirmed, or another one writes under this name.
        """
        super().confirm()
        if self._is_writing:
            self._asked(lambda: self._producer.commit_transaction(CONFIRM_TIMEOUT_S))
            self._is_writing = False

    def _asked(self, request: Callable[[], object]) -> None:
        try:
            request()
        except (KafkaException, SystemError) as error:
            raise DeliveryError(
                f"Kafka refuses transactions of {self._name}: {_of_kafka(error)}; is another "
                "one running, and may this user write under that name (docs/security.md)?"
            ) from None


def _of_kafka(error: KafkaException | SystemError) -> str:
    """What Kafka said, in one line, where the client made a SystemError of it, too.

    What is fatal it raises inside a callback and goes on: the next one, of a record or of the log,
    makes a SystemError of it, once more for each further one, or wipes it out.

    Raises
    ------
    SystemError
        The same, where it has nothing to do with Kafka.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, KafkaException):
            return reason(cause)
        cause = cause.__cause__
    if "without setting an exception" in str(error):
        return "something fatal, which the client lost on its way"
    raise error


def reason(error: KafkaException) -> str:
    """What a Kafka exception says, in one line."""
    inner = error.args[0]
    text = inner.str() if hasattr(inner, "str") else str(inner)
    return " ".join(str(text).split())
