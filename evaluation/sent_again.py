"""Which records on the topic did the sender's client write a second time while the broker was away?

An idempotent client drops what it repeats, but not always: librdkafka can begin a new epoch when a
connection breaks with requests under way, and what had been written without an answer is then
written again (confluentinc/librdkafka#4953). Such a record is on the topic, so the oracle
expects a fate for it, and the job is judged on it like on any other.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evaluation.fault_record import FaultRecord
from evaluation.history import Int64s, SentTopic

#: Faults that break the connections of everybody who sends.
BROKER_FAULTS: Final = frozenset({"kafka_kill", "kafka_pause"})


def sent_again(
    sent: SentTopic, foreign: Int64s, delivered: Int64s, faults: list[FaultRecord]
) -> Int64s:
    """Of records that nobody reported as delivered, those that repeat one that was.

    Parameters
    ----------
    sent
        The topic.
    foreign, delivered
        Positions of swipes on it without, and with, a report of their delivery.
    faults
        Of the run; without one that took the broker away nothing is excused.
    """
    away = any(each.landed and each.fault in BROKER_FAULTS for each in faults)
    if not away or not len(foreign):
        return foreign[:0]
    known = sent.values.filter(pa.array(np.isin(sent.position, delivered)))
    at = np.flatnonzero(np.isin(sent.position, foreign))
    again = pc.is_in(sent.values.take(pa.array(at)), value_set=known.combine_chunks())
    positions: Int64s = sent.position[at[again.to_numpy(zero_copy_only=False).astype(bool)]]
    return positions
