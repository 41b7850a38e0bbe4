"""What does the canary tell Prometheus?"""

from __future__ import annotations

from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

View = Literal["uncommitted", "committed"]
VIEWS: Final[tuple[View, View]] = ("uncommitted", "committed")

#: Upper bounds, seconds. The promises (50 and 200 ms) are bounds, and it is fine around them.
BUCKETS_S: Final = (
    *(0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75),
    *(1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0),
)


class Figures:
    """All of the canary's metrics, in a registry of their own.

    Attributes
    ----------
    latency
        From when a swipe was due until its decision was read, by view.
    sent, unsent, lost
        Swipes handed to Kafka; not taken by it; without a decision in time, by view.
    lag
        Records that the job has not committed yet, as the broker sees it.
    """

    def __init__(self) -> None:
        # When a counter was made is nobody's question.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self.latency = Histogram(
            "paystream_canary_latency_seconds",
            "From when a canary swipe was due until its decision was read.",
            ["view"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self.sent = Counter(
            "paystream_canary_swipes",
            "Canary swipes that were due.",
            registry=self.registry,
        )
        self.unsent = Counter(
            "paystream_canary_unsent",
            "Canary swipes that Kafka did not take.",
            registry=self.registry,
        )
        self.lost = Counter(
            "paystream_canary_lost",
            "Canary swipes without a decision within the longest wait.",
            ["view"],
            registry=self.registry,
        )
        self.lag = Gauge(
            "paystream_consumer_lag_records",
            "Records of a topic that a consumer group has not committed.",
            ["group", "topic", "partition"],
            registry=self.registry,
        )
        for view in VIEWS:
            self.latency.labels(view)
            self.lost.labels(view)
