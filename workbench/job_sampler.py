"""How busy is the job at this moment, how far behind, and with how many tasks does it run?"""

from __future__ import annotations

import time
from typing import Final

from evaluation.autoscaling.record import Sample
from evaluation.offsets import group_offset_sum, partitions_of, read_ends
from generator.committed_offsets import CommittedOffsets
from generator.kafka_client import require_broker
from generator.send import SendProgress
from stack.flink_answers import JobDetail
from workbench.live import LiveJob

_BUSY: Final = "busyTimeMsPerSecond"
_PENDING: Final = ".pendingRecords"
_SOURCE: Final = "Source: "
#: Stands before the name of each table in that of its source.
_CATALOG: Final = "KafkaSource-default_catalog.default_database."
#: The name of a chain of operators is told up to so many characters.
_NAME_LENGTH: Final = 40


class JobSampler:
    """Looks at a running job again and again.

    Parameters
    ----------
    live
        The run.

    Attributes
    ----------
    vertex_names
        Short name of each chain of operators by its id, once it was seen.
    """

    def __init__(self, live: LiveJob) -> None:
        self._live = live
        self._rest = live.stack.rest
        bootstrap = live.stack.settings.kafka_address
        self._admin = require_broker(bootstrap)
        self._group = CommittedOffsets(bootstrap, live.group_id)
        self._partitions = partitions_of(self._admin, [live.topics.swipes])
        self._pending_metrics: dict[str, list[str]] = {}
        self._before: SendProgress | None = None
        self.vertex_names: dict[str, str] = {}

    def sample(self, progress: SendProgress) -> Sample:
        """Look once.

        Parameters
        ----------
        progress
            Of the sender, whose schedule has begun.

        Raises
        ------
        stack.flink_rest.RestError, confluent_kafka.KafkaException
            If Flink or Kafka did not answer.
        """
        start_ns = progress.start_monotonic_ns or time.monotonic_ns()
        at_s = (time.monotonic_ns() - start_ns) / 1e9
        detail = self._rest.job(self._live.job_id)
        self.vertex_names = {each.id: short_name(each.name) for each in detail.vertices}
        running = detail.all_tasks_running
        return Sample(
            at_s=round(at_s, 3),
            offered_per_s=self._offered_per_s(progress),
            lag=self._lag(),
            pending=self._pending(detail) if running else None,
            busy=self._busy(detail) if running else None,
            parallelism=max((each.parallelism for each in detail.vertices), default=None),
            running=running,
        )

    def _offered_per_s(self, progress: SendProgress) -> float | None:
        before, self._before = self._before, progress
        if before is None or progress.time_ns <= before.time_ns:
            return None
        seconds = (progress.time_ns - before.time_ns) / 1e9
        return round((progress.sent - before.sent) / seconds, 1)

    def _lag(self) -> int | None:
        ends = sum(read_ends(self._admin, self._partitions).end.values())
        committed = group_offset_sum(self._group, self._partitions)
        return None if committed is None else max(0, ends - committed)

    def _busy(self, detail: JobDetail) -> float | None:
        """Of the busiest task of all."""
        found = [
            value
            for each in detail.vertices
            for value in self._rest.metrics(detail.id, each.id, [_BUSY], of="max").values()
        ]
        return round(max(found) / 1_000, 3) if found else None

    def _pending(self, detail: JobDetail) -> int | None:
        """Over all sources; None where none says."""
        total: float | None = None
        for each in detail.vertices:
            if not each.name.startswith(_SOURCE):
                continue
            names = self._pending_metrics.get(each.id)
            if not names:  # a source has it once it has read a record
                known = self._rest.metric_names(detail.id, each.id)
                names = [name for name in known if name.endswith(_PENDING)]
                self._pending_metrics[each.id] = names
            if names:
                found = self._rest.metrics(detail.id, each.id, names)
                total = (total or 0.0) + sum(found.values())
        return None if total is None else int(total)


def short_name(name: str) -> str:
    """The first operator of a chain, as Flink names it.

    Examples
    --------
    >>> short_name("judge by card -> (outgoing[9]: Writer, outgoing[9]: Committer)")
    'judge by card'
    >>> short_name("Source: KafkaSource-default_catalog.default_database.incoming -> Calc[2]")
    'Source: incoming'
    """
    first = name.partition(" -> ")[0].replace(_CATALOG, "")
    return first if len(first) <= _NAME_LENGTH else f"{first[: _NAME_LENGTH - 1]}…"
