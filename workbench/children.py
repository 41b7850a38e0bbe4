"""How are the processes of a run started, watched and ended, so that none is left behind?"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

#: What a child gets to end by itself before it is killed, seconds.
GRACE_S: Final = 20.0
_TAIL_LINES: Final = 12


class ChildFailed(RuntimeError):
    """A process of the run ended badly; one line, then the tail of what it said."""

    #: Nothing was measured: inconclusive.
    exit_code = 3


class Child:
    """One process in a process group of its own, its output in a log file.

    Parameters
    ----------
    name
        For messages.
    command
        Program and arguments.
    log_file
        Gets standard output and error.
    cwd
        Where it runs; a Python module is looked for there first.
    environment
        Variables that it gets beside those of this process.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log_file: Path,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log_file = log_file
        with log_file.open("wb") as log:
            # A group of its own: Ctrl-C reaches the workbench alone, which ends the rest in order.
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=cwd,
                env={**os.environ, **(environment or {}), "PYTHONUNBUFFERED": "1"},
            )
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._process.poll()

    def require_alive(self) -> None:
        """Check that it runs or ended well.

        Raises
        ------
        ChildFailed
            If it ended badly.
        """
        code = self.poll()
        if code:
            raise ChildFailed(self._failure(code))

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until it ends well.

        Raises
        ------
        ChildFailed
            If it ends badly, or not in time.
        """
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise ChildFailed(f"{self.name} did not end within {timeout_s:g} s") from None
        if code:
            raise ChildFailed(self._failure(code))

    def stop(self, grace_s: float = GRACE_S) -> int | None:
        """Ask it to end, then make it; returns the exit code."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(grace_s)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.pid, signal.SIGKILL)
                self._process.wait()
        return self.poll()

    def last_line(self) -> str:
        """The last that it said; empty if nothing."""
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "")

    def _failure(self, code: int) -> str:
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        tail = "\n".join(f"    {line}" for line in lines[-_TAIL_LINES:])
        return f"{self.name} ended with {code}; its last lines ({self.log_file.name}):\n{tail}"
