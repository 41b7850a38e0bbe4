"""How far behind is the job, as the broker sees it?

Flink tells its own lag only while the job runs. What a consumer group has committed stands at the
broker, whoever is dead.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException
from confluent_kafka import TopicPartition as Place
from confluent_kafka.admin import AdminClient, OffsetSpec

from monitoring.canary.figures import Figures

_TIMEOUT_S: Final = 10.0


class GroupLag(threading.Thread):
    """Asks the broker again and again, until it is told to stop.

    Parameters
    ----------
    admin
        Client for administration.
    group, topic, partitions
        Whose lag on what.
    figures
        Where it is told.
    interval_s
        Between two questions.
    """

    def __init__(
        self,
        admin: AdminClient,
        group: str,
        topic: str,
        partitions: Sequence[int],
        figures: Figures,
        interval_s: float,
    ) -> None:
        super().__init__(name="group-lag", daemon=True)
        self._admin, self._group, self._topic = admin, group, topic
        self._partitions, self._figures, self._interval_s = partitions, figures, interval_s
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End it; a question under way is not waited for."""
        self._stopping.set()

    def run(self) -> None:
        """Ask until told to stop; a broker that does not answer leaves the last figure for no one.

        An old figure would look like a job that stands still, so it is taken away.
        """
        while True:
            try:
                lag = group_lag(self._admin, self._group, self._topic, self._partitions)
            except KafkaException:
                self._figures.lag.clear()
            else:
                for partition, records in lag.items():
                    labels = (self._group, self._topic, str(partition))
                    self._figures.lag.labels(*labels).set(records)
            if self._stopping.wait(self._interval_s):
                return


def group_lag(
    admin: AdminClient, group: str, topic: str, partitions: Sequence[int]
) -> dict[int, int]:
    """Records by partition that the group has not committed; all of them where it has none.

    Raises
    ------
    confluent_kafka.KafkaException
        When the broker does not answer.
    """
    places = [Place(topic, partition) for partition in partitions]
    asked = ConsumerGroupTopicPartitions(group, places)
    committed = admin.list_consumer_group_offsets([asked], request_timeout=_TIMEOUT_S)
    ends = admin.list_offsets(
        {place: OffsetSpec.latest() for place in places}, request_timeout=_TIMEOUT_S
    )
    begins = admin.list_offsets(
        {place: OffsetSpec.earliest() for place in places}, request_timeout=_TIMEOUT_S
    )
    noted = {
        each.partition: each.offset for each in committed[group].result(_TIMEOUT_S).topic_partitions
    }
    first = {place.partition: begins[place].result(_TIMEOUT_S).offset for place in places}
    last = {place.partition: ends[place].result(_TIMEOUT_S).offset for place in places}
    # A group that has never committed stands before the beginning.
    return {
        partition: max(0, last[partition] - max(noted.get(partition, -1), first[partition]))
        for partition in partitions
    }
