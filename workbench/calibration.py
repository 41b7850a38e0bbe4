"""How fast is this machine at this very moment, in this process?

A fixed loop of plain Python is timed by the processor time of this process: waiting for a core does
not count; a slower clock, and another process on the same core's second thread, do. A figure beside
which it stands can be held against one from another hour: of two runs with the same code, CPU
seconds for a million swipes rise and fall with it.
"""

from __future__ import annotations

import time
from typing import Final

#: Raised with any change of the loop: costs in units of another loop cannot be compared.
CALIBRATION: Final = 1
#: About a millisecond each; the fastest counts, as it was disturbed least.
_TURNS: Final = 25


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
    """Seconds that the fastest of a few turns of the loop took."""
    times = []
    for _ in range(_TURNS):
        begin = time.process_time()
        calibration_loop()
        times.append(time.process_time() - begin)
    return min(times)
