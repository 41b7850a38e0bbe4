"""What do the tests start that stands for a service which does not want to end?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from stack.process import (
    ProcessRecord,
    Service,
    signal_group,
    start,
    start_mark,
    wait_gone,
    wait_ready,
    write_whole,
)

_WAITS = "print('ready', flush=True)\nwhile True: time.sleep(1)\n"
#: Asked to end, it lives on; SIGKILL ends it.
DEAF = f"import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{_WAITS}"


def presses_ctrl_c() -> str:
    """Code of one that, asked to end, lives on and interrupts the process that runs the tests."""
    return (
        "import os, signal, time\n"
        f"signal.signal(signal.SIGTERM, lambda *_: os.kill({os.getpid()}, signal.SIGINT))\n{_WAITS}"
    )


@contextmanager
def service(data_folder: Path, name: str, code: str) -> Iterator[ProcessRecord]:
    """Run code as a service of a stack, from when it is ready on; killed at the end."""
    described = Service(
        name=name,
        command=(sys.executable, "-c", code),
        environment=dict(os.environ),
        working_folder=data_folder,
        folder=data_folder / name,
        address="nowhere",
    )
    record = start(described)
    try:
        log = described.log_file
        wait_ready(described, record, lambda: "ready" in log.read_text(), deadline_s=30)
        yield record
    finally:
        # No polite word: some of them answer it.
        signal_group(record, signal.SIGKILL)
        wait_gone(record, 10)


@contextmanager
def immortal(data_folder: Path, name: str) -> Iterator[ProcessRecord]:
    """A recorded process that does not even end by SIGKILL.

    It leads no process group, so what is sent to its group does not reach it.
    """
    with subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            record = ProcessRecord(
                name=name,
                pid=process.pid,
                start_mark=start_mark(process.pid) or "",
                fingerprint="",
                address="nowhere",
                log_file="",
                started_at_s=time.time(),
            )
            folder = data_folder / name
            write_whole(folder / f"{name}.pid.json", msgspec.json.encode(record))
            yield record
        finally:
            process.kill()


@contextmanager
def hears_ctrl_c() -> Iterator[None]:
    """A shell's background job ignores Ctrl-C, and so do the tests that it runs."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
