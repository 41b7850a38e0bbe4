"""Which changes of the rules stand when the job is submitted?

A job that starts afresh reads all its topics at once, and would judge its first swipes before the
changes have come. So the program that submits it reads the topic ``rules`` to its end, and gives
what stands there to the tasks.
"""

from __future__ import annotations

import time
from typing import Any, Final

from py4j.protocol import Py4JJavaError
from pyflink.java_gateway import get_gateway

from job.contracts import Topics
from job.flink.options import KAFKA_PACKAGE, JobOptions
from job.flink.rule_changes import Standing
from job.flink.tables import frame_rule

#: Longest wait for the broker, and for the end of the topic. A choice.
TIMEOUT_MS: Final = 30_000
_POLL_MS: Final = 200


class RulesUnreadable(RuntimeError):
    """The topic cannot be read; one line for a person."""


def read_standing(options: JobOptions, topics: Topics) -> Standing:
    """Read the topic to its end, with the connector's own client.

    Raises
    ------
    RulesUnreadable
        Saying why, and what to do.
    """
    try:
        consumer = _consumer(options)
        try:
            return _read(consumer, topics.rules)
        finally:
            consumer.close()
    except Py4JJavaError as error:
        said = error.java_exception.getMessage() or error.java_exception.toString()
        raise RulesUnreadable(
            f"the topic {topics.rules} cannot be read at {options.bootstrap_servers}: "
            f"{' '.join(str(said).split())}"
        ) from None


def _consumer(options: JobOptions) -> Any:
    properties = get_gateway().jvm.java.util.Properties()
    bytes_class = f"{KAFKA_PACKAGE}.common.serialization.ByteArrayDeserializer"
    own = {
        "bootstrap.servers": options.bootstrap_servers,
        "key.deserializer": bytes_class,
        "value.deserializer": bytes_class,
        "enable.auto.commit": "false",
        "allow.auto.create.topics": "false",
        "default.api.timeout.ms": str(TIMEOUT_MS),
    }
    for name, value in (own | options.client_properties()).items():
        properties.setProperty(name, value)
    return _kafka().clients.consumer.KafkaConsumer(properties)


def _read(consumer: Any, topic: str) -> Standing:
    jvm = get_gateway().jvm
    known = consumer.partitionsFor(topic)
    if not known:
        raise RulesUnreadable(
            f"there is no topic {topic}: make it, compacted (`paystream rules create-topics`)"
        )
    places = jvm.java.util.ArrayList()
    for each in known:
        places.add(_kafka().common.TopicPartition(topic, each.partition()))
    consumer.assign(places)
    consumer.seekToBeginning(places)
    ends = {place: int(end) for place, end in consumer.endOffsets(places).items()}
    records: list[tuple[int, int, bytes]] = []
    deadline_s = time.monotonic() + TIMEOUT_MS / 1000
    while any(int(consumer.position(place)) < end for place, end in ends.items()):
        if time.monotonic() > deadline_s:
            raise RulesUnreadable(f"{topic} was not read to its end within {TIMEOUT_MS} ms")
        found = consumer.poll(jvm.java.time.Duration.ofMillis(_POLL_MS)).iterator()
        while found.hasNext():
            record = found.next()
            place = int(record.partition()), int(record.offset())
            key, value = bytes(record.key() or b""), bytes(record.value() or b"")
            records.append((*place, frame_rule(*place, key, value)))
    return Standing(
        records=tuple(framed for _, _, framed in sorted(records)),
        ends={int(place.partition()): end for place, end in ends.items()},
    )


def _kafka() -> Any:
    """Kafka's client as the SQL connector brings it, under a name of its own."""
    found = get_gateway().jvm
    for part in KAFKA_PACKAGE.split("."):
        found = getattr(found, part)
    return found
