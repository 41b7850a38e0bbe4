"""What does the canary tell?"""

from __future__ import annotations

from typing import Final

from monitoring.catalogue.metric import Metric, Source

SOURCE: Final = Source(
    "Canary",
    "`paystream canary`",
    "paystream_",
    (
        Metric(
            "canary_latency_seconds",
            "s",
            "Histogram: from when a swipe was due until its decision was read. What got none "
            "counts with the time that was waited for it.",
            ("view",),
        ),
        Metric("canary_swipes_total", "swipes", "Were due."),
        Metric("canary_unsent_total", "swipes", "Kafka did not take."),
        Metric("canary_lost_total", "swipes", "Got no decision within 30 s.", ("view",)),
        Metric(
            "consumer_lag_records",
            "records",
            "Not yet committed by the job, as the broker sees it.",
            ("group", "topic", "partition"),
        ),
    ),
)
