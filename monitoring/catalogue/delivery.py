"""What do the ways into and out of the job tell?"""

from __future__ import annotations

from typing import Final

from monitoring.catalogue.metric import Metric, Source

SOURCE: Final = Source(
    "Deliveries",
    "`paystream index-alerts` and `publish-profiles`",
    "paystream_delivery_",
    (
        Metric(
            "records_total",
            "records",
            "By what became of them: `indexed`, `repeat`, `refused`; `published`, `deleted`, "
            "`left_out`.",
            ("delivery", "outcome"),
        ),
        Metric("waiting", "1", "1 while Elasticsearch or PostgreSQL is waited for.", ("delivery",)),
        Metric(
            "behind_records",
            "records",
            "Of `alerts`, still to be taken, as far as `index-alerts` has seen: a partition counts "
            "from its first record on, and what comes while Elasticsearch is away does not.",
            ("delivery",),
        ),
    ),
)
