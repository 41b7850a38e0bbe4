"""How is one service started, watched and ended so that nothing else is ever hurt?

A service runs detached, in its own session: Ctrl-C in the terminal does not reach it. Its pid
file holds the moment the process began besides its number, so a number that the system gave
to another process meanwhile is recognised and left alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil

from stack.held_signals import held_signals

_POLL_S = 0.05
_TAIL_LINES = 15

# Children of this process: somebody has to reap them, or they stay as zombies.
_children: dict[int, subprocess.Popen[bytes]] = {}


class StackError(Exception):
    """One clear line about what is wrong and what to do, and the tail of the log, if any.

    Attributes
    ----------
    line
        The sentence.
    tail
        Last lines of the log or output that explains it, possibly empty.
    """

    def __init__(self, line: str, tail: str = "") -> None:
        super().__init__(line, tail)
        self.line = line
        self.tail = tail

    def __str__(self) -> str:
        if not self.tail:
            return self.line
        return self.line + "\n" + "\n".join(f"    | {each}" for each in self.tail.splitlines())


@dataclass(frozen=True)
class Service:
    """What to start, and where its files lie.

    Attributes
    ----------
    name
        ``kafka``, ``jobmanager``, ``taskmanager-0``.
    command, environment, working_folder
        The process. It must not fork: its pid is the service.
    folder
        Holds ``<name>.log`` and ``<name>.pid.json``.
    address
        Where it listens, for people.
    configuration
        Text of its configuration files. A change means that a running one is outdated.
    scratch
        A folder of working files that are of use to this process alone: emptied before a start,
        removed with the process.
    stop_signal
        Asks it politely to end.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    working_folder: Path
    folder: Path
    address: str
    configuration: str = ""
    scratch: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def log_file(self) -> Path:
        """Output of the process."""
        return self.folder / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        """The `ProcessRecord` of the process."""
        return self.folder / f"{self.name}.pid.json"

    @property
    def fingerprint(self) -> str:
        """Changes with everything that a start would do differently."""
        parts = ["\0".join(self.command), self.configuration]
        return hashlib.sha256("\1".join(parts).encode()).hexdigest()[:16]


class ProcessRecord(msgspec.Struct, frozen=True):
    """A process that was started here, as its pid file tells it."""

    name: str
    pid: int
    start_mark: str
    fingerprint: str
    address: str
    log_file: str
    started_at_s: float
    scratch: str | None = None
    stop_signal: int = signal.SIGTERM


def start(service: Service) -> ProcessRecord:
    """Start the service detached and write its pid file; does not wait until it is ready.

    Parameters
    ----------
    service
        What to start. The log of the run before is kept as ``<name>.log.previous``.
    """
    service.folder.mkdir(parents=True, exist_ok=True)
    service.working_folder.mkdir(parents=True, exist_ok=True)
    if service.scratch is not None:
        shutil.rmtree(service.scratch, ignore_errors=True)
        service.scratch.mkdir(parents=True)
    if service.log_file.exists():
        service.log_file.replace(service.log_file.with_suffix(".log.previous"))
    # Held back for the moment in which a process exists but nobody knows it.
    with held_signals():
        with service.log_file.open("ab") as log:
            child = _spawn(service, log.fileno())
        _children[child.pid] = child
        record = ProcessRecord(
            name=service.name,
            pid=child.pid,
            start_mark=start_mark(child.pid) or "",
            fingerprint=service.fingerprint,
            address=service.address,
            log_file=str(service.log_file),
            started_at_s=time.time(),
            scratch=None if service.scratch is None else str(service.scratch),
            stop_signal=service.stop_signal,
        )
        write_whole(service.pid_file, msgspec.json.encode(record))
    return record


def _spawn(service: Service, log_fd: int) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            service.command,
            env=dict(service.environment),
            cwd=service.working_folder,
            stdin=subprocess.DEVNULL,
            stdout=log_fd,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise StackError(f"{service.name} cannot be started: {error}") from error


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)


def start_mark(pid: int) -> str | None:
    """Tell when a process began, as text that no other process of that number shares.

    Linux counts clock ticks since boot, which, unlike the time of day, nobody adjusts.
    """
    stat = Path(f"/proc/{pid}/stat")
    try:
        # The second field, the name, may hold spaces and brackets: count from its end.
        ticks = stat.read_text().rpartition(")")[2].split()[19]
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (OSError, IndexError):
        with contextlib.suppress(psutil.Error):
            return f"{psutil.Process(pid).create_time():.2f}"
        return None
    return f"{boot}:{ticks}"


def state_of(record: ProcessRecord) -> str:
    """The kernel's letter for the process's state, such as ``S`` or ``T`` (stopped); "" if gone."""
    if not is_alive(record):
        return ""
    with contextlib.suppress(OSError):
        # The name stands in brackets and may hold anything.
        return Path(f"/proc/{record.pid}/stat").read_text().rpartition(")")[2].split()[0]
    return ""


def read_record(pid_file: Path) -> ProcessRecord | None:
    """Read a pid file; None when there is none or it cannot be read."""
    try:
        return msgspec.json.decode(pid_file.read_bytes(), type=ProcessRecord)
    except (OSError, msgspec.MsgspecError):
        return None


def is_alive(record: ProcessRecord) -> bool:
    """Whether exactly this process still runs (a zombie does not)."""
    child = _children.get(record.pid)
    if child is not None and child.poll() is not None:
        del _children[record.pid]
    if start_mark(record.pid) != record.start_mark:
        return False
    if record.pid in _children:
        # Our own child is gone when all its threads are; one that looks like a zombie before
        # that may still hold its ports.
        return True
    try:
        return psutil.Process(record.pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def wait_ready(
    service: Service, record: ProcessRecord, probe: Callable[[], bool], deadline_s: float
) -> None:
    """Wait until the service answers; its early death or the deadline is a `StackError`.

    Parameters
    ----------
    service, record
        What was started.
    probe
        True when the service serves; it must not raise and must return soon.
    deadline_s
        Longest wait.
    """
    began_s = time.monotonic()
    while not probe():
        if not is_alive(record):
            raise StackError(
                f"{service.name} died while starting; log: {service.log_file}",
                log_tail(service.log_file),
            )
        if time.monotonic() - began_s > deadline_s:
            raise StackError(
                f"{service.name} did not answer at {service.address} within {deadline_s:g} s; "
                f"log: {service.log_file}",
                log_tail(service.log_file),
            )
        time.sleep(_POLL_S)


def stop(pid_file: Path, grace_s: float) -> bool:
    """End the process of a pid file, if it is still the one that was started, and its group.

    Parameters
    ----------
    pid_file
        Removed afterwards.
    grace_s
        Time between the service's stop signal and SIGKILL.

    Returns
    -------
    bool
        Whether a process was running.
    """
    record = read_record(pid_file)
    running = record is not None and is_alive(record)
    if record is not None and running:
        signal_group(record, signal.Signals(record.stop_signal))
        if not wait_gone(record, grace_s):
            signal_group(record, signal.SIGKILL)
            if not wait_gone(record, grace_s):
                raise StackError(f"{record.name} (pid {record.pid}) does not end, even by SIGKILL")
    if record is not None and record.scratch is not None:
        shutil.rmtree(record.scratch, ignore_errors=True)
        # The folder that the services of one stack share goes with the last of them.
        with contextlib.suppress(OSError):
            Path(record.scratch).parent.rmdir()
    pid_file.unlink(missing_ok=True)
    return running


def stop_all(pid_files: Iterable[Path], grace_s: float) -> tuple[str, ...]:
    """End the processes of these pid files in this order; one that does not end keeps none up.

    Parameters
    ----------
    pid_files, grace_s
        As in `stop`.

    Returns
    -------
    tuple of str
        Names of those that were running.

    Raises
    ------
    StackError
        When all were tried, naming each that could not be stopped.
    """
    ended, failures = [], []
    for pid_file in pid_files:
        record = read_record(pid_file)
        name = pid_file.name if record is None else record.name
        try:
            if stop(pid_file, grace_s):
                ended.append(name)
        except StackError as error:
            failures.append(error.line)
        except OSError as error:
            failures.append(f"{name}: {error}")
    if failures:
        raise StackError("; ".join(failures))
    return tuple(ended)


def signal_group(record: ProcessRecord, number: signal.Signals) -> None:
    """Send a signal to the process and its children, if it is still the one that was started."""
    if is_alive(record):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(record.pid, number)


def wait_gone(record: ProcessRecord, deadline_s: float) -> bool:
    """Wait until the process has ended; False when it has not by then."""
    began_s = time.monotonic()
    while is_alive(record):
        if time.monotonic() - began_s > deadline_s:
            return False
        time.sleep(_POLL_S)
    return True


def log_tail(log_file: Path, lines: int = _TAIL_LINES) -> str:
    """Last lines of a log, without reading all of a large one."""
    try:
        with log_file.open("rb") as log:
            log.seek(max(0, log_file.stat().st_size - 16_384))
            text = log.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(line[:300] for line in text.splitlines()[-lines:])


def records(folder: Path) -> Iterator[tuple[Path, ProcessRecord]]:
    """All pid files below a folder with what they say."""
    for pid_file in sorted(folder.glob("*/*.pid.json")):
        record = read_record(pid_file)
        if record is None:
            # Half a pid file cannot come from us (they are renamed into place): no claim.
            pid_file.unlink(missing_ok=True)
            continue
        yield pid_file, record
