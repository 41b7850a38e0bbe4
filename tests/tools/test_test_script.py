"""Is what `make test` started gone when somebody ends it?"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from stack.settings import PROJECT_ROOT

#: Stands in for the first part: says when it runs, and takes its time to clean up.
PART = """
trap 'sleep 0.3; echo cleaned up > cleaned; exit 130' INT
echo $$ > pid
while true; do sleep 0.1; done
"""
LIMIT_S = 20.0


def _await(file: Path) -> str:
    deadline_s = time.monotonic() + LIMIT_S
    while not (file.exists() and (said := file.read_text())):
        assert time.monotonic() < deadline_s, f"no {file.name}"
        time.sleep(0.02)
    return said


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_to_the_script_alone_ends_the_part_and_waits_for_it(
    tmp_path: Path, number: signal.Signals, exit_code: int
) -> None:
    (tmp_path / "tools").mkdir()
    shutil.copy(PROJECT_ROOT / "tools" / "test.sh", tmp_path / "tools")
    (tmp_path / "tools" / "check.sh").write_text(PART)
    script = subprocess.Popen(
        ["bash", str(tmp_path / "tools" / "test.sh"), "quick"],
        stdout=subprocess.PIPE,
        text=True,
        # A background process of a shell without job control ignores it, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    pid = int(_await(tmp_path / "pid"))
    script.send_signal(number)
    output, _ = script.communicate(timeout=LIMIT_S)
    assert script.returncode == exit_code
    assert (tmp_path / "cleaned").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert "stopped after" in output
    assert "== unit" not in output


def test_a_part_that_fails_is_named_and_the_others_run(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    shutil.copy(PROJECT_ROOT / "tools" / "test.sh", tmp_path / "tools")
    for name in ("check", "bootstrap"):
        (tmp_path / "tools" / f"{name}.sh").write_text("exit 0\n")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\ncase "$*" in *"-m browser") exit 1;; esac\n')
    python.chmod(0o755)
    ended = subprocess.run(
        ["bash", str(tmp_path / "tools" / "test.sh"), "quick"],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    assert ended.returncode == 1
    assert "== on real Kafka and Flink: " in ended.stdout
    assert ended.stdout.splitlines()[-1].endswith("s: the dashboard in Chromium")
