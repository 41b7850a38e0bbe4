"""How far was the sender behind its schedule, second by second?"""

from __future__ import annotations

import duckdb
import pandas as pd

from dashboard.run.kept import KeptRun

_BY_SECOND = """
SELECT (intended_ns - (SELECT min(intended_ns) FROM read_parquet($file))) // 1000000000 AS second,
  quantile_cont((actual_ns - intended_ns) / 1e6, 0.5) AS p50_ms,
  quantile_cont((actual_ns - intended_ns) / 1e6, 0.99) AS p99_ms
FROM read_parquet($file) WHERE actual_ns > 0 GROUP BY ALL ORDER BY ALL
"""


def slip_by_second(run: KeptRun) -> pd.DataFrame | None:
    """Columns second, p50_ms, p99_ms; None where the sends were not kept or are damaged."""
    file = run.folder / "sends.parquet"
    if not file.is_file():
        return None
    try:
        with duckdb.connect() as connection:
            return connection.execute(_BY_SECOND, {"file": str(file)}).df()
    except duckdb.Error as error:
        run.unreadable.append(f"sends.parquet: {error}")
        return None
