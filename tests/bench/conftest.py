"""How fast is this machine at this very moment, in the same process?

Before and after each benchmark the loop of :mod:`workbench.calibration` is timed, and stands beside
the benchmark's figures. A cost in units of that loop can be held against one from another hour,
when other work shared the cores, or the clock ran slower. The gates have the benchmarks timed by
the processor time of this process, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from workbench.calibration import CALIBRATION, fastest_s


@pytest.fixture(autouse=True)
def _calibrated(benchmark: Any) -> Iterator[None]:
    before_s = fastest_s()
    yield
    benchmark.extra_info["calibration"] = CALIBRATION
    benchmark.extra_info["calibration_s"] = [before_s, fastest_s()]
