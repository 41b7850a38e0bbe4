"""Do two calls on one stack keep apart, and can a dead one block nobody?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stack.local import LocalStack
from stack.process import StackError
from stack.settings import StackSettings

HOLD = """
import sys, time
from pathlib import Path
from stack.local import LocalStack
from stack.settings import StackSettings
stack = LocalStack(StackSettings.with_free_ports(Path(sys.argv[1])))
with stack._locked("up"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path):  # type: ignore[no-untyped-def]
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_call_says_who_works_on_the_stack(holder, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    stack = LocalStack(StackSettings.with_free_ports(tmp_path, ready_deadline_s=0.2))
    with pytest.raises(StackError, match=f"another call works on this stack: up, pid {holder.pid}"):
        stack.down()


def test_a_killed_call_blocks_nobody(holder, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    holder.kill()
    holder.wait()
    assert LocalStack(StackSettings.with_free_ports(tmp_path)).down() == ()
