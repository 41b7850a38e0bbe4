"""Was the machine itself disturbed, so that a small shortfall may not be the job's?"""

from __future__ import annotations

import numpy as np

from evaluation.history import History, Int64s, Sends, integers
from evaluation.percentiles import Latencies
from evaluation.thresholds import LatencyThresholds


def round_trips_ns(history: History, from_ns: int, to_ns: int) -> Int64s:
    """Plain round trips through Kafka that began within; empty where none were recorded."""
    if history.floor is None:
        return np.empty(0, dtype=np.int64)
    sent, received = integers(history.floor, "sent_ns"), integers(history.floor, "received_ns")
    return (received - sent)[(received > 0) & (sent >= from_ns) & (sent <= to_ns)]


def disturbed(
    history: History, sends: Sends, bounds: LatencyThresholds, from_ns: int, to_ns: int
) -> str | None:
    """What else than the job may have slowed a run down, by the bounds that latency is held to.

    Parameters
    ----------
    history, sends
        Of the run.
    bounds
        Of steal, floor and slip.
    from_ns, to_ns
        The measured window.

    Returns
    -------
    str or None
        None where nothing was over its bound; what was not measured is no excuse.
    """
    found = []
    steal = history.facts.run.machine.steal_share
    if steal is not None and steal > bounds.steal_share:
        found.append(f"{steal:.0%} of the CPU was taken away")
    sent = sends.actual_ns > 0
    slip_ms = Latencies((sends.actual_ns - sends.intended_ns)[sent]).percentile_ms(99)
    if slip_ms > bounds.slip_p99_ms:
        found.append(f"the sender ran {slip_ms:.1f} ms behind its schedule at p99")
    trips = round_trips_ns(history, from_ns, to_ns)
    if len(trips) >= bounds.floor_samples:
        floor_ms = Latencies(trips).percentile_ms(99)
        if floor_ms > bounds.floor_p99_ms:
            found.append(f"a plain Kafka round trip took {floor_ms:.0f} ms at p99")
    return " and ".join(found) or None
