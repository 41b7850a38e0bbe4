"""How are the latencies distributed, up to the rare slow ones?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from evaluation.percentiles import Latencies

#: Points for each power of ten of the share that is slower.
_PER_DECADE: Final = 10
#: Slower ones that a point needs behind it, as p99 needs 1,000 samples. A choice.
_SLOWER_MIN: Final = 10


def curve_table(views: Mapping[str, Latencies]) -> Any:
    """Latency by percentile, from the fastest to where too few are slower (table).

    Columns view, percentile (0 to 100) and latency_ms, which is null where it never came.
    """
    rows = [row for view, latencies in views.items() for row in _rows(view, latencies)]
    schema = pa.schema(
        [("view", pa.string()), ("percentile", pa.float64()), ("latency_ms", pa.float64())]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def _rows(view: str, latencies: Latencies) -> list[dict[str, Any]]:
    rows = []
    step, slower = 0, 1.0
    while latencies.samples * slower >= _SLOWER_MIN:
        percentile = 100 * (1 - slower)
        latency_ms = latencies.percentile_ms(percentile)
        endless = latency_ms == float("inf")
        rows.append(
            {
                "view": view,
                "percentile": percentile,
                "latency_ms": None if endless else latency_ms,
            }
        )
        step += 1
        slower = 10 ** (-step / _PER_DECADE)
    return rows
