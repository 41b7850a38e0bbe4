"""How does a PyFlink job get onto the cluster the way Flink's users submit it?"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from stack import flink_home
from stack.flink_rest import FlinkRest
from stack.java import C1_ALONE
from stack.process import StackError
from stack.settings import StackSettings

ProgressCallback = Callable[[float], None]

_POLL_S = 0.2
_TAIL_LINES = 25
_JAVA_FRAME = re.compile(r"\s+(at [\w.$/]+\(|\.\.\. \d+ more)")
# Python's last line of a traceback, or what argparse, typer and bash say.
_COMPLAINT = re.compile(r"(?!org\.|java\.)([\w.]*(Error|Exception|Exit)\b|(\S+: )?[Ee]rror: )")
_JOB_ID = re.compile(r"JobID ([0-9a-f]{32})")

# The client lives for seconds: compiled code for long lives is not worth its price.
_CLIENT_JVM = f"{C1_ALONE} -XX:+UseSerialGC -Xshare:auto"


def submit(
    settings: StackSettings,
    entry_point: Path,
    arguments: Sequence[str] = (),
    python_files: Sequence[Path] = (),
    *,
    configuration: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    savepoint: str | None = None,
    is_other_job: bool = False,
    on_progress: ProgressCallback | None = None,
    deadline_s: float = 180.0,
) -> str:
    """Run ``flink run -d -py …`` and return the id of the job.

    Parameters
    ----------
    settings
        The stack whose cluster gets the job.
    entry_point
        The Python file.
    arguments
        Given to it.
    python_files
        Folders or files that it and its functions import, on the TaskManagers too.
    configuration
        Flink keys for this job only.
    environment
        Variables of the client, which runs the job's program: what its command line should not
        hold.
    savepoint
        Savepoint or retained checkpoint to start from.
    is_other_job
        Whether it is of another job: what this one does not have is left out then.
    on_progress
        Called with the seconds gone, about five times a second.
    deadline_s
        Longest wait.
    """
    if not entry_point.exists():
        raise StackError(f"no job at {entry_point}")
    # A client that finds no cluster takes half a minute to say so.
    FlinkRest(*settings.flink_rest_urls).overview()
    command = _command(settings, entry_point, arguments, python_files, configuration, savepoint)
    if savepoint is not None and is_other_job:
        command.insert(command.index("--fromSavepoint"), "--allowNonRestoredState")
    variables = {
        **flink_home.environment(settings),
        **(environment or {}),
        "FLINK_ENV_JAVA_OPTS_CLI": _CLIENT_JVM,
    }
    return run_client(command, entry_point.name, variables, on_progress, deadline_s)


def run_client(
    command: Sequence[str],
    what: str,
    environment: Mapping[str, str],
    on_progress: ProgressCallback | None = None,
    deadline_s: float = 180.0,
) -> str:
    """Run Flink's client and return the id of the job that it submitted.

    Parameters
    ----------
    command
        It, with all its arguments.
    what
        Is submitted, for people.
    environment
        Of the process.
    on_progress, deadline_s
        As in `submit`.
    """
    code, output = _run(command, environment, on_progress, deadline_s)
    found = _JOB_ID.search(output)
    if code != 0 or found is None:
        raise StackError(
            f"submitting {what} failed (exit code {code}): {_reason(output)}",
            _tail(output),
        )
    return found.group(1)


def _command(
    settings: StackSettings,
    entry_point: Path,
    arguments: Sequence[str],
    python_files: Sequence[Path],
    configuration: Mapping[str, str] | None,
    savepoint: str | None,
) -> list[str]:
    python = str(settings.python)
    command = [
        "bash", str(flink_home.package_folder() / "bin" / "flink"), "run", "--detached",
        "-pyexec", python, "-pyclientexec", python,
    ]  # fmt: skip
    for key, value in (configuration or {}).items():
        command.append(f"-D{key}={value}")
    if savepoint is not None:
        command += ["--fromSavepoint", savepoint]
    if python_files:
        command += ["-pyfs", ",".join(str(path.resolve()) for path in python_files)]
    return [*command, "-py", str(entry_point.resolve()), *arguments]


def _run(
    command: Sequence[str],
    environment: Mapping[str, str],
    on_progress: ProgressCallback | None,
    deadline_s: float,
) -> tuple[int, str]:
    began_s = time.monotonic()
    with tempfile.TemporaryFile() as output:
        # A session of its own, so that all of it (shell, JVM, Python) can be ended as one.
        client = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            while client.poll() is None:
                gone_s = time.monotonic() - began_s
                if gone_s > deadline_s:
                    raise StackError(
                        f"submission is not done after {deadline_s:g} s", _tail(_text(output))
                    )
                if on_progress is not None:
                    on_progress(gone_s)
                time.sleep(_POLL_S)
        finally:
            _end(client)
        return client.returncode, _text(output)


def _end(client: subprocess.Popen[bytes]) -> None:
    # Also after a good end: a client that died by itself may leave its Python behind.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(client.pid, signal.SIGKILL)
    client.wait()


def _text(output: IO[bytes]) -> str:
    output.seek(0)
    return output.read().decode(errors="replace")


def _tail(output: str) -> str:
    # Frames of Flink's client push the frames of the job's own code out of sight.
    telling = [line for line in output.splitlines() if not _JAVA_FRAME.match(line)]
    return "\n".join(line[:300] for line in telling[-_TAIL_LINES:])


def _reason(output: str) -> str:
    """The sentence of the output that says most: Python's last error, else the last cause."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    complaints = [line for line in lines if _COMPLAINT.match(line)]
    causes = [line for line in lines if line.startswith("Caused by: ")]
    best = complaints or causes or lines or ["no output"]
    return best[-1][:300]
