"""How far has a consumer group committed?

Asked through a consumer that never joins the group. The admin client's own request for it ends the
process where the broker goes away at the wrong moment: librdkafka asserts that a request that was
waiting for the group's coordinator is not given up twice (its issue 3663, open in 2.16).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from confluent_kafka import Consumer, KafkaException
from confluent_kafka import TopicPartition as Place

from generator.kafka_client import KafkaRefused, Settings, client_settings, reason, silent_logger

#: Topic and partition.
Partition = tuple[str, int]
#: Longest wait for one answer, in seconds.
_TIMEOUT_S: Final = 5.0


class CommittedOffsets:
    """The offsets that a group has committed.

    Parameters
    ----------
    bootstrap
        Comma-separated ``host:port``.
    group_id
        Of the group that is asked about.
    extra
        Any librdkafka setting.

    Raises
    ------
    KafkaRefused
        When a setting is unknown or wrong.
    """

    def __init__(self, bootstrap: str, group_id: str, extra: Settings | None = None) -> None:
        settings = client_settings(bootstrap, {**(extra or {}), "group.id": group_id})
        try:
            self._consumer = Consumer(
                {**settings, "enable.auto.commit": False}, logger=silent_logger
            )
        except KafkaException as error:
            raise KafkaRefused(f"Kafka consumer setting refused: {reason(error)}") from None

    def read(
        self, partitions: Iterable[Partition], timeout_s: float = _TIMEOUT_S
    ) -> dict[Partition, int]:
        """The offset behind the last record that counts as read; where none was committed, nothing.

        Raises
        ------
        confluent_kafka.KafkaException
            When the broker does not answer in time, or refuses.
        """
        answers = self._consumer.committed([Place(*each) for each in partitions], timeout_s)
        for each in answers:
            if each.error is not None:
                raise KafkaException(each.error)
        return {(each.topic, each.partition): each.offset for each in answers if each.offset >= 0}
