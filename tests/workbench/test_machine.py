"""Does a run say on what machine it was made, and how fast that was?"""

from __future__ import annotations

from workbench.calibration import calibration_loop, fastest_s
from workbench.machine import describe


def test_the_loop_does_the_same_each_time() -> None:
    assert calibration_loop() == calibration_loop() > 0


def test_the_speed_stands_in_the_run_in_milliseconds() -> None:
    """Of one process and one moment: no turn is ten times as fast as the fastest of 25."""
    told_ms = describe()["calibration_ms"]
    assert fastest_s() * 100 < told_ms < fastest_s() * 10_000
