"""Where does the time go between a swipe's schedule and its visible decision?"""

from __future__ import annotations

from typing import Final

import numpy as np

from evaluation.history import Bools, History, Int64s, Sends
from evaluation.judges.base import Findings
from evaluation.matching import first_received, look_up
from evaluation.percentiles import Latencies

#: Share of decisions whose record time may equal their event time before the record time is taken
#: for the event time and not for the moment of writing. A choice: by chance almost none do.
_EVENT_TIME_SHARE: Final = 0.5


def report_split(findings: Findings, history: History, sends: Sends, rows: Bools) -> None:
    """Report the parts of the latency: sender, job up to the sink, reader, commit.

    The sink's moment is the record time of the decision, a wall clock of whole milliseconds; it is
    left out where the sink writes the event time there.

    Parameters
    ----------
    findings
        Where the figures go.
    rows
        The sends that count.
    """
    rows = rows & sends.delivered
    decisions = history.outputs["decisions"]
    positions = history.source_positions("decisions")
    wanted = sends.position[rows]

    def of_decisions(times: Int64s) -> Int64s:
        return look_up(wanted, *first_received(positions, times), absent=0)

    uncommitted = of_decisions(decisions.uncommitted_ns)
    committed = of_decisions(decisions.committed_ns)
    intended, delivered = sends.intended_ns[rows], sends.delivered_ns[rows]
    _part(findings, "split_send_to_kafka", intended, delivered)
    sunk = _sink_ns(history)
    if sunk is None:
        note = "the record time of a decision is not the moment of its writing"
        findings.report("split_kafka_to_sink_p50", None, "ms", note)
    else:
        written = of_decisions(sunk)
        _part(findings, "split_kafka_to_sink", delivered, written)
        _part(findings, "split_sink_to_reader", written, uncommitted)
    _part(findings, "split_commit_wait", uncommitted, committed)


def _part(findings: Findings, name: str, begin_ns: Int64s, end_ns: Int64s) -> None:
    both = (begin_ns > 0) & (end_ns > 0)
    part = Latencies((end_ns - begin_ns)[both])
    findings.report(f"{name}_p50", part.percentile_ms(50), "ms")
    findings.report(f"{name}_p99", part.percentile_ms(99), "ms")


def _sink_ns(history: History) -> Int64s | None:
    """When the sink wrote each decision, on the monotonic clock; None if that cannot be known."""
    clock = history.facts.sends
    decisions = history.outputs["decisions"]
    if clock.start_wall_ms is None or clock.start_monotonic_ns is None or not len(decisions):
        return None
    event_times = np.array(
        [-1 if record is None else record.event_time_ms for record in decisions.records]
    )
    if (event_times == decisions.record_time_ms).mean() >= _EVENT_TIME_SHARE:
        return None
    since_start_ns = (decisions.record_time_ms - clock.start_wall_ms) * 1_000_000
    return since_start_ns + clock.start_monotonic_ns
