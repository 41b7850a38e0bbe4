"""Are the decisions noticed that a sink without transactions writes again after a kill?"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import msgspec
import numpy as np

from evaluation.controls.base import Tampering
from evaluation.controls.material import Material
from evaluation.controls.tampering import NANOS_PER_S, every_topic, middle_of, written_again
from evaluation.history import History, Int64s, TopicRecords

#: What was written since the last checkpoint, seconds.
REPLAYED_S: Final = 1.0
#: Until the killed TaskManager is back.
OUTAGE_NS: Final = 8 * NANOS_PER_S


class AtLeastOnceSink(Tampering):
    """A TaskManager is killed; what was written since the last checkpoint is written again.

    Transactions would have taken the first copies back. Without them both are committed.
    """

    name = "at_least_once_sink"
    broken = "a sink without transactions, and a TaskManager that is killed"
    judge = "delivery"
    figure = "repeated"
    expected = "fail"

    def tamper(self, material: Material) -> History:
        """Write a second of outputs again, after the outage."""
        history = material.history
        begin_ns, end_ns = middle_of(history, REPLAYED_S)

        def again(records: TopicRecords) -> TopicRecords:
            since = (records.uncommitted_ns >= begin_ns) & (records.uncommitted_ns < end_ns)
            rows: Int64s = np.flatnonzero(since & records.committed).astype(np.int64)
            return written_again(records, rows, OUTAGE_NS)

        settings = history.facts.run.settings | {"fault": "taskmanager_kill"}
        job = msgspec.structs.replace(history.facts.job, restarts=1)
        run = msgspec.structs.replace(history.facts.run, settings=settings)
        facts = msgspec.structs.replace(history.facts, run=run, job=job)
        return replace(every_topic(history, again), facts=facts)
