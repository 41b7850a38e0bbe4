"""How fast is this machine at this very moment, in the same process?

Before and after each benchmark a fixed loop of plain Python is timed, and stands beside the
benchmark's figures. A cost in units of that loop can be held against one from another hour, when
other work shared the cores, or the clock ran slower. It is timed by the processor time of this
process, as the gates have the benchmarks timed, too: waiting for a core does not count.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

#: Raised with any change of the loop: costs in units of another loop cannot be compared.
CALIBRATION = 1
#: About a millisecond each; the fastest counts, as it was disturbed least.
TURNS = 25


def calibration_loop() -> float:
    """What rules do: attributes, small dictionaries, lists, floats, calls."""
    seen: dict[str, float] = {}
    total = 0.0
    for number in range(2_000):
        name = "one" if number % 3 else "other"
        seen[name] = seen.get(name, 0.0) + number * 0.5
        pair = [number, total]
        total += max(pair[0] - 7, 0) ** 0.5
    return total + len(seen)


def fastest_s() -> float:
    times = []
    for _ in range(TURNS):
        begin = time.process_time()
        calibration_loop()
        times.append(time.process_time() - begin)
    return min(times)


@pytest.fixture(autouse=True)
def _calibrated(benchmark: Any) -> Iterator[None]:
    before_s = fastest_s()
    yield
    benchmark.extra_info["calibration"] = CALIBRATION
    benchmark.extra_info["calibration_s"] = [before_s, fastest_s()]
