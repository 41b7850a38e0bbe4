"""Does REST tell metrics again soon after a TaskManager died while it was asked for them?

Flink asks all TaskManagers and asks anew only when each has answered or the time for it is over.
"""

from __future__ import annotations

import os
import signal
import time
from typing import Final

import pytest

from stack.local import LocalStack
from stack.settings import StackSettings

pytestmark = pytest.mark.stack

#: Flink asks at most once a second: after so long a question to whoever hangs is open.
QUESTION_OPEN_S: Final = 3.0
#: What a test or a run that reads a counter may wait; Flink alone would wait for ten minutes.
SOON_S: Final = 45.0
#: Of a process, ns; it grows as long as the process lives and Flink asks.
CPU: Final = "Status.JVM.CPU.Time"


def cpu_ns(stack: LocalStack) -> dict[str, dict[str, float]]:
    """What REST tells of each TaskManager, and makes Flink ask them."""
    return {
        each.id: stack.rest.taskmanager_metrics(each.id, [CPU])
        for each in stack.rest.taskmanagers()
    }


def test_metrics_come_back_soon(stack_settings: StackSettings) -> None:
    stack = LocalStack(stack_settings)
    record = stack.taskmanager_record(0)
    assert record is not None
    try:
        os.kill(record.pid, signal.SIGSTOP)
        hangs_since_s = time.monotonic()
        while time.monotonic() < hangs_since_s + QUESTION_OPEN_S:
            cpu_ns(stack)
            time.sleep(0.2)
        os.kill(record.pid, signal.SIGKILL)
    finally:
        stack.restart_taskmanager(0)
    # Its successor bears the same name, so what is told at first may be of the dead one.
    told, since_s = cpu_ns(stack), time.monotonic()
    while not all(cpu_ns(stack).values()) or cpu_ns(stack) == told:
        assert time.monotonic() < since_s + SOON_S, f"REST tells no news: {told}"
        time.sleep(0.2)
