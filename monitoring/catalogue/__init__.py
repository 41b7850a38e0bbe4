"""What does each metric mean, and in which unit is it?

One file a source. The table in ``docs/monitoring.md`` is generated from here; boards and rules may
use what stands here and nothing else, and a test asks a real Prometheus for each.
"""

from __future__ import annotations

from monitoring.catalogue import canary, delivery, flink, job, kafka, state
from monitoring.catalogue.metric import Metric, Source

#: In the order of the page.
SOURCES: tuple[Source, ...] = (
    job.SOURCE,
    flink.SOURCE,
    state.SOURCE,
    kafka.SOURCE,
    canary.SOURCE,
    delivery.SOURCE,
)

__all__ = ["SOURCES", "Metric", "Source"]
