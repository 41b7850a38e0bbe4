"""Is a service watched well, and is nothing else ever hurt?"""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil
import pytest

from stack.process import (
    Service,
    StackError,
    is_alive,
    read_record,
    start,
    stop,
    wait_ready,
)

Make = Callable[..., Service]
SLEEP = "import time; print('here', flush=True); time.sleep(60)"


def test_a_started_service_is_alive_and_recorded(python_service: Make) -> None:
    service = python_service(SLEEP)
    record = start(service)
    assert is_alive(record)
    assert read_record(service.pid_file) == record


def test_it_runs_in_a_session_of_its_own_so_the_terminal_cannot_interrupt_it(
    python_service: Make,
) -> None:
    record = start(python_service(SLEEP))
    assert os.getsid(record.pid) == record.pid != os.getsid(0)


def test_stop_ends_it_and_removes_the_pid_file(python_service: Make) -> None:
    service = python_service(SLEEP)
    record = start(service)
    assert stop(service.pid_file, grace_s=5)
    assert not psutil.pid_exists(record.pid)
    assert not service.pid_file.exists()
    assert not stop(service.pid_file, grace_s=5)


def test_working_files_are_new_at_each_start_and_gone_with_the_process(
    python_service: Make, tmp_path: Path
) -> None:
    scratch = tmp_path / "shared" / "scratch"
    service = dataclasses.replace(python_service(SLEEP), scratch=scratch)
    start(service)
    (scratch / "left.sst").write_bytes(b"of a process that was killed")
    record = read_record(service.pid_file)
    assert record is not None
    os.kill(record.pid, signal.SIGKILL)
    start(service)
    assert list(scratch.iterdir()) == []
    assert stop(service.pid_file, grace_s=5)
    assert not scratch.parent.exists()


def test_one_that_ignores_sigterm_is_killed_after_the_grace(python_service: Make) -> None:
    service = python_service(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('deaf', flush=True); time.sleep(60)"
    )
    record = start(service)
    wait_ready(service, record, lambda: "deaf" in service.log_file.read_text(), deadline_s=10)
    assert stop(service.pid_file, grace_s=0.3)
    assert not is_alive(record)


def test_its_children_end_with_it(python_service: Make) -> None:
    service = python_service(
        "import subprocess, sys, time;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    record = start(service)
    wait_ready(service, record, lambda: bool(service.log_file.read_text()), deadline_s=10)
    child = psutil.Process(int(service.log_file.read_text()))
    stop(service.pid_file, grace_s=5)
    child.wait(timeout=5)


def test_death_while_starting_shows_the_tail_of_the_log(python_service: Make) -> None:
    service = python_service("raise SystemExit('the disk is full')")
    with pytest.raises(StackError) as caught:
        wait_ready(service, start(service), lambda: False, deadline_s=20)
    assert caught.value.line.startswith("sample died while starting; log: ")
    assert caught.value.tail == "the disk is full"
    assert "\n    | the disk is full" in str(caught.value)


def test_silence_until_the_deadline_shows_the_tail_of_the_log(python_service: Make) -> None:
    service = python_service(SLEEP)
    with pytest.raises(StackError, match=r"did not answer at nowhere within 1 s") as caught:
        wait_ready(service, start(service), lambda: False, deadline_s=1)
    assert caught.value.tail == "here"


def test_a_missing_binary_is_one_clear_line(python_service: Make) -> None:
    service = python_service(SLEEP)
    broken = Service(**{**service.__dict__, "command": ("/no/such/binary",)})
    with pytest.raises(StackError, match=r"sample cannot be started: .*No such file"):
        start(broken)
    assert not broken.pid_file.exists()


def test_a_recycled_pid_is_not_killed(python_service: Make) -> None:
    service = python_service(SLEEP)
    start(service)
    stop(service.pid_file, grace_s=5)
    with subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True) as stranger:
        # The pid file of long ago, whose number the stranger now has.
        fields = {
            "name": "sample",
            "pid": stranger.pid,
            "start_mark": "other-boot:123",
            "fingerprint": "",
            "address": "",
            "log_file": "",
            "started_at_s": 0.0,
        }
        service.pid_file.write_bytes(msgspec.json.encode(fields))
        assert not stop(service.pid_file, grace_s=0.2)
        assert stranger.poll() is None
        assert not service.pid_file.exists()
        stranger.kill()


def test_a_zombie_counts_as_dead(python_service: Make) -> None:
    record = start(python_service("pass"))
    time.sleep(0.5)
    assert not is_alive(record)


def test_the_log_of_the_run_before_is_kept(python_service: Make) -> None:
    first = python_service("print('first')")
    wait_dead(start(first))
    second = python_service("print('second')")
    wait_dead(start(second))
    assert first.log_file.read_text() == "second\n"
    assert first.log_file.with_suffix(".log.previous").read_text() == "first\n"


def test_a_changed_configuration_changes_the_fingerprint(python_service: Make) -> None:
    service = python_service(SLEEP)
    changed = Service(**{**service.__dict__, "configuration": "port=1"})
    assert changed.fingerprint != service.fingerprint


def test_ctrl_c_during_a_start_reaches_the_caller_only_when_the_pid_file_is_there(
    tmp_path: Path,
) -> None:
    # The interrupt arrives in the worst moment: the process is there, its pid file is not yet.
    code = textwrap.dedent(
        f"""
        import os, signal, sys, pathlib
        import stack.process as process
        # A shell's background job ignores Ctrl-C, and so does all that it starts.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        folder = pathlib.Path({str(tmp_path)!r})
        spawn = process._spawn
        def spawn_then_interrupt(service, log):
            child = spawn(service, log)
            os.kill(os.getpid(), signal.SIGINT)
            return child
        process._spawn = spawn_then_interrupt
        service = process.Service("sample", (sys.executable, "-c", "import time; time.sleep(60)"),
                                  dict(os.environ), folder, folder / "sample", "nowhere")
        try:
            process.start(service)
        except KeyboardInterrupt:
            print("interrupted", process.stop(service.pid_file, 5))
        """
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "interrupted True\n", done.stderr


def wait_dead(record) -> None:  # type: ignore[no-untyped-def]
    began_s = time.monotonic()
    while is_alive(record):
        assert time.monotonic() - began_s < 10
        time.sleep(0.02)
