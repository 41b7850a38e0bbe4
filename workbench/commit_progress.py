"""How much of what was sent is covered by the job's committed checkpoints?"""

from __future__ import annotations

from typing import Final

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from generator.committed_offsets import CommittedOffsets
from generator.kafka_client import Settings, admin_client

_TIMEOUT_S: Final = 30.0


class CommitProgress:
    """The job's committed offsets against the ends of a topic at one moment.

    Parameters
    ----------
    bootstrap
        Comma-separated ``host:port``.
    group_id
        Consumer group of the job.
    topic
        Name, prefix included.
    partitions
        Of the topic.
    extra
        Any librdkafka setting.

    Attributes
    ----------
    total
        Records to be covered: all that the topic held when this was made. What comes later does
        not count.
    """

    def __init__(
        self,
        bootstrap: str,
        group_id: str,
        topic: str,
        partitions: int,
        extra: Settings | None = None,
    ) -> None:
        self._admin: AdminClient = admin_client(bootstrap, extra)
        self._group = CommittedOffsets(bootstrap, group_id, extra)
        wanted = [TopicPartition(topic, number) for number in range(partitions)]
        ends = self._admin.list_offsets({each: OffsetSpec.latest() for each in wanted})
        self._ends = {
            (place.topic, place.partition): int(future.result(_TIMEOUT_S).offset)
            for place, future in ends.items()
        }
        self.total = sum(self._ends.values())

    def covered(self) -> int:
        """Records of ``total`` below the committed offsets."""
        committed = self._group.read(self._ends, _TIMEOUT_S)
        return sum(min(offset, self._ends[place]) for place, offset in committed.items())
