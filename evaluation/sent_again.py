"""Which records on the topic did the sender's client write a second time while the broker was away?

An idempotent client drops what it repeats, but not always: librdkafka can begin a new epoch when a
connection breaks with requests under way, and what had been written without an answer is then
written again (confluentinc/librdkafka#4953). Such a record is on the topic, so the oracle
expects a fate for it, and the job is judged on it like on any other.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import numpy as np
import pyarrow as pa

from evaluation.fault_record import FaultRecord
from evaluation.history import Bools, Int64s, Sends, SentTopic

#: Faults that break the connections of everybody who sends.
BROKER_FAULTS: Final = frozenset({"kafka_kill", "kafka_pause"})


def sent_again(sent: SentTopic, sends: Sends, foreign: Int64s, faults: list[FaultRecord]) -> int:
    """How many records that nobody reported as delivered repeat one that was on its way then.

    Parameters
    ----------
    sent
        The topic.
    sends
        The send log: a record excuses one copy of its bytes, if it was sent before the broker was
        back and confirmed after it went away.
    foreign
        Positions of swipes on the topic without a report of their delivery.
    faults
        Of the run; without one that took the broker away nothing is excused.
    """
    if not len(foreign):
        return 0
    on_its_way = np.zeros(len(sends.position), dtype=bool)
    for each in faults:
        if each.landed and each.fault in BROKER_FAULTS:
            on_its_way |= _meanwhile(sends, each)
    excused = Counter(_values(sent, sends.position[on_its_way & sends.delivered]))
    copies = Counter(_values(sent, foreign))
    return (excused & copies).total()


def _meanwhile(sends: Sends, fault: FaultRecord) -> Bools:
    """What was under way at any moment from the fault until the job ran again."""
    confirmed_after: Bools = sends.delivered_ns >= fault.invoked_monotonic_ns
    if fault.running_monotonic_ns is None:
        return confirmed_after
    return confirmed_after & (sends.actual_ns <= fault.running_monotonic_ns)


def _values(sent: SentTopic, positions: Int64s) -> list[bytes]:
    at = np.isin(sent.position, positions)
    return list(sent.values.filter(pa.array(at)).to_pylist())
