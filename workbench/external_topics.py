"""Which topics does another job's Kafka have, and which are missing for a run?

Topics are used as they are. None is altered or removed; one is made only when asked for.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from generator.kafka_client import REACH_TIMEOUT_S, KafkaRefused, require_broker
from generator.settings import SettingsError
from generator.topics import PARTITIONS, create_topics, floor_topic
from job.contracts import Topics
from workbench.external_job import WRITTEN_BY_DEFAULT, ExternalJob, Output

_OUTPUTS: Final[tuple[Output, ...]] = (
    "decisions",
    "alerts",
    "late-swipes",
    "dead-letters",
    "window-drops",
)
#: As many copies as the broker gives by itself.
_BROKERS_REPLICATION: Final = -1
_MS_PER_DAY: Final = 86_400_000


@dataclass(frozen=True)
class FoundTopics:
    """What a run has to work with.

    Attributes
    ----------
    writes
        Outputs that are read, without prefix.
    partitions
        Of ``swipes``.
    profile_partitions
        Of ``card-profiles``; 0 where there is no such topic, and no profiles are sent.
    floor
        Whether Kafka's own round trip can be measured.
    made
        Topics that were made now.
    """

    writes: tuple[Output, ...]
    partitions: int
    profile_partitions: int
    floor: bool
    made: tuple[str, ...] = ()


def find_topics(job: ExternalJob) -> FoundTopics:
    """Look for the topics of a run, and make the missing ones if that was asked for.

    Raises
    ------
    generator.settings.SettingsError
        When a topic is missing: names all, and the command that makes them.
    KafkaUnreachable, KafkaRefused
        When no broker answers or it refuses.
    """
    extra = job.kafka_config
    admin = require_broker(job.bootstrap, extra)
    there = _there(admin)
    topics = Topics.with_prefix(job.prefix)
    present = tuple(name for name in _OUTPUTS if job.prefix + name in there)
    writes = job.writes or present
    if not {"decisions", "alerts"} & set(writes):
        writes = tuple(dict.fromkeys((*WRITTEN_BY_DEFAULT, *writes)))
    needed = [topics.swipes, *(job.prefix + name for name in writes)]
    missing = [topic for topic in needed if topic not in there]
    if missing and not job.create_topics:
        raise SettingsError(_missing_line(job, missing))
    if job.create_topics:
        _make(job, there, missing)
        missing += [floor_topic(job.prefix)] if floor_topic(job.prefix) not in there else []
        there = _there(admin)
    return FoundTopics(
        writes=writes,
        partitions=there[topics.swipes],
        profile_partitions=there.get(topics.card_profiles, 0),
        floor=floor_topic(job.prefix) in there,
        made=tuple(missing),
    )


def _make(job: ExternalJob, there: dict[str, int], missing: list[str]) -> None:
    counts = dict.fromkeys(missing, PARTITIONS)
    if floor_topic(job.prefix) not in there:
        counts[floor_topic(job.prefix)] = 1
    if counts:
        create_topics(
            job.bootstrap, counts, replication=_BROKERS_REPLICATION, extra=job.kafka_config
        )


def _there(admin: AdminClient) -> dict[str, int]:
    try:
        topics = admin.list_topics(timeout=REACH_TIMEOUT_S).topics
    except KafkaException as error:
        raise KafkaRefused(f"topics cannot be listed: {error}") from None
    return {name: len(topic.partitions) for name, topic in topics.items() if not topic.error}


def _missing_line(job: ExternalJob, missing: list[str]) -> str:
    names = " ".join(shlex.quote(name) for name in missing)
    return (
        f"missing on {job.bootstrap}: {', '.join(missing)}; make them with --create-topics or: "
        f"for t in {names}; do kafka-topics.sh --bootstrap-server {job.bootstrap} --create "
        f'--topic "$t" --partitions {PARTITIONS} --config retention.ms=-1; done'
    )


def retention_warning(job: ExternalJob, event_time_start_ms: int, now_ms: int) -> str | None:
    """Why the broker may throw the replay's records away; None when it will not.

    Retention goes by record timestamps, which in a replay are event times.

    Parameters
    ----------
    job
        Where the topics are.
    event_time_start_ms, now_ms
        Event time of the replay's first moment; the present moment.
    """
    topic = Topics.with_prefix(job.prefix).swipes
    resource = ConfigResource(ResourceType.TOPIC, topic)
    admin = require_broker(job.bootstrap, job.kafka_config)
    try:
        answer = admin.describe_configs([resource])[resource].result(REACH_TIMEOUT_S)
        retention_ms = int(answer["retention.ms"].value)
    except (KafkaException, KeyError, ValueError, TimeoutError):
        return None  # not allowed to ask
    age_ms = now_ms - event_time_start_ms
    if retention_ms < 0 or age_ms <= retention_ms:
        return None
    return (
        f"{topic} keeps {retention_ms / _MS_PER_DAY:g} days and the replay begins "
        f"{age_ms / _MS_PER_DAY:.0f} days ago: the broker may remove swipes at any time; give "
        "--event-time-start or a topic with retention.ms=-1"
    )
