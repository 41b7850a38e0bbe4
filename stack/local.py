"""Is the whole local stack up, and how does it get up and down as one?

`up` reuses what runs and is healthy, says and restarts what is dead or outdated, and when
anything fails or Ctrl-C arrives it ends what it started itself. A lock of the operating system
keeps two calls apart; it ends with its process, so a stale one cannot exist.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from stack import flink, flink_home, kafka, object_store, zookeeper
from stack.flink_rest import FlinkRest
from stack.held_signals import held_signals
from stack.parts import Part, parts, stopping_order
from stack.ports import require_free
from stack.process import (
    ProcessRecord,
    StackError,
    is_alive,
    log_tail,
    read_record,
    records,
    start,
    stop,
    stop_all,
    wait_ready,
)
from stack.running import as_it_runs, count_taskmanagers
from stack.settings import StackSettings
from stack.submission import ProgressCallback, submit
from stack.taskmanager_blobs import forget_blobs

PhaseCallback = Callable[[str, float], None]
BeginCallback = Callable[[str], None]

_LOCK_POLL_S = 0.1
# A healthy service answers at once; the wait covers a busy machine.
_HEALTH_DEADLINE_S = 10.0


@dataclass(frozen=True)
class ServiceStatus:
    """One service as `LocalStack.status` sees it.

    Attributes
    ----------
    state
        ``running``; ``dead``: it was started and is gone without having been stopped;
        ``stopped``.
    """

    name: str
    state: Literal["running", "dead", "stopped"]
    pid: int | None
    address: str
    log_file: Path


class LocalStack:
    """Kafka and Flink on this machine, and beside them what was asked for.

    Parameters
    ----------
    settings
        Where and how; the environment's settings when left out. What they do not say, high
        availability, object store and number of TaskManagers, is as in the stack that runs.
    """

    def __init__(self, settings: StackSettings | None = None) -> None:
        self.settings = as_it_runs(settings or StackSettings.load())
        self.rest = FlinkRest(*self.settings.flink_rest_urls)

    @classmethod
    def for_job(cls, parallelism: int, settings: StackSettings | None = None) -> Self:
        """The stack that a job of this parallelism runs on.

        Parameters
        ----------
        parallelism
            Of the job; it needs as many TaskManagers, one slot each, and the spare ones.
        settings
            All the rest; their number of TaskManagers counts only where too few run, or a spare
            one has died: a stack that somebody made larger stays as it is.
        """
        stack = cls(settings)
        taskmanagers = stack._running_taskmanagers()
        wanted = parallelism + stack.settings.spare_taskmanagers
        if taskmanagers < wanted:
            taskmanagers = max(stack.settings.taskmanagers, wanted)
        return cls(stack.settings.model_copy(update={"taskmanagers": taskmanagers}))

    @property
    def kafka_address_of_jobs(self) -> str:
        """Where a job that runs on the cluster reaches the broker."""
        return self.settings.kafka_address

    def submit(
        self,
        entry_point: Path,
        arguments: Sequence[str],
        python_files: Sequence[Path],
        *,
        configuration: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        savepoint: str | None = None,
        is_other_job: bool = False,
        on_progress: ProgressCallback | None = None,
    ) -> str:
        """Submit a job as `stack.submission.submit` does, and return its id."""
        return submit(
            self.settings,
            entry_point,
            arguments,
            python_files,
            configuration=configuration,
            environment=environment,
            savepoint=savepoint,
            is_other_job=is_other_job,
            on_progress=on_progress,
        )

    def _running_taskmanagers(self) -> int:
        return count_taskmanagers(each.name for each in self.status() if each.state == "running")

    def up(
        self, on_phase: PhaseCallback | None = None, on_begin: BeginCallback | None = None
    ) -> tuple[str, ...]:
        """Bring up what is not up.

        Parameters
        ----------
        on_phase
            Called with the name of each phase and its seconds when it is done.
        on_begin
            Called with the name of each phase when it begins.

        Returns
        -------
        tuple of str
            Names of the services that this call started, none when all ran already.
        """
        started: list[Path] = []
        with self._locked("up"):
            try:
                return self._bring_up(_Phases(on_phase, on_begin), started)
            except BaseException:
                # Ctrl-C too. Started last, stopped first.
                with held_signals():
                    stop_all(reversed(started), self.settings.stop_grace_s)
                raise

    def _bring_up(self, phases: _Phases, started: list[Path]) -> tuple[str, ...]:
        wanted = parts(self.settings)
        goes_on = any(each.name.startswith(flink.JOBMANAGER) for each in self.running())
        with phases.time("check"):
            missing: list[Part] = []
            for part in wanted:
                if not self._is_reusable(part, missing, phases):
                    missing.append(part)
            self._stop_surplus(wanted)
            for part in missing:
                for setting, port in part.ports:
                    require_free(part.service.name, setting, port)
        if not missing:
            return ()
        names = tuple(part.service.name for part in missing)
        with phases.time("prepare"):
            flink_home.prepare(self.settings)
            if kafka.NAME in names:
                kafka.prepare(self.settings)
            if zookeeper.NAME in names:
                zookeeper.prepare(self.settings, keep_data=goes_on)
            for part in missing:
                if part.prepare is not None:
                    part.prepare()
        for is_foundation in (True, False):
            wave = [part for part in missing if part.is_foundation is is_foundation]
            if wave:
                self._start(wave, started, phases)
            if is_foundation and self.settings.object_store and not goes_on:
                object_store.remove(self.settings, "high-availability")
        return names

    def _start(self, missing: list[Part], started: list[Path], phases: _Phases) -> None:
        # All at once: most of a JVM's start is waiting for the disk and for each other.
        with phases.time("start"):
            running = []
            for part in missing:
                started.append(part.service.pid_file)
                running.append((part, start(part.service)))
        for part, record in running:
            with phases.time(part.service.name):
                wait_ready(part.service, record, part.probe, self.settings.ready_deadline_s)

    def _is_reusable(self, part: Part, missing: list[Part], phases: _Phases) -> bool:
        record = read_record(part.service.pid_file)
        if record is None:
            return False
        if not is_alive(record):
            phases.say(f"{part.service.name} died since its start; starting it again")
            return False
        if record.fingerprint != part.service.fingerprint:
            phases.say(f"{part.service.name} runs with other settings; restarting it")
        elif part.needs and {other.service.name for other in missing}.issuperset(part.needs):
            phases.say(f"{part.service.name} lost its {part.needs[0]}; restarting it")
        else:
            with contextlib.suppress(StackError):
                wait_ready(part.service, record, part.probe, _HEALTH_DEADLINE_S)
                return True
            phases.say(f"{part.service.name} runs but does not answer; restarting it")
        stop(part.service.pid_file, self.settings.stop_grace_s)
        return False

    def _stop_surplus(self, parts: list[Part]) -> None:
        wanted = {part.service.pid_file for part in parts}
        for pid_file, _record in records(self.settings.data_folder):
            if pid_file not in wanted:
                stop(pid_file, self.settings.stop_grace_s)

    def down(self) -> tuple[str, ...]:
        """Stop everything that was started here; return the names of what was running."""
        with self._locked("down"):
            found = list(records(self.settings.data_folder))
            found.sort(key=lambda each: stopping_order(each[1]))
            return stop_all((pid_file for pid_file, _ in found), self.settings.stop_grace_s)

    def status(self) -> tuple[ServiceStatus, ...]:
        """Look at each service, without changing anything."""
        found = {record.name: record for _, record in records(self.settings.data_folder)}
        never_started = {
            service.name: ServiceStatus(
                service.name, "stopped", None, service.address, service.log_file
            )
            for service in (part.service for part in parts(self.settings))
        }
        recorded = {name: _recorded(record) for name, record in found.items()}
        return tuple({**never_started, **recorded}.values())

    def wipe(self) -> None:
        """Delete all topics, checkpoints and logs; refused while anything runs."""
        running = [each.name for each in self.running()]
        if running:
            raise StackError(f"{', '.join(running)} still running; stop the stack first")
        shutil.rmtree(self.settings.data_folder, ignore_errors=True)

    def running(self) -> list[ProcessRecord]:
        """The processes of all services that run."""
        return [record for _, record in records(self.settings.data_folder) if is_alive(record)]

    def process(self, name: str) -> ProcessRecord | None:
        """The running process of a service, None when it does not run."""
        return next((record for record in self.running() if record.name == name), None)

    def require_jobmanager(self) -> None:
        """Refuse to go on where nobody is left who could lead.

        Raises
        ------
        StackError
            If no JobManager's process lives, with the end of the log of the last one.
        """
        names = [
            flink.jobmanager_name(index) for index in range(len(self.settings.flink_rest_urls))
        ]
        if any(self.process(name) for name in names):
            return
        logs = [self.settings.flink_folder / f"{name}.log" for name in names]
        last = max((log for log in logs if log.exists()), key=_modified, default=logs[0])
        raise StackError(f"no JobManager lives any more; log: {last}", log_tail(last))

    def taskmanager_record(self, index: int) -> ProcessRecord | None:
        """The running process of a TaskManager, None when it does not run."""
        return self.process(flink.taskmanager_name(index))

    def remove_checkpoints(self, job_id: str) -> None:
        """Remove the checkpoints that a job has left behind."""
        if self.settings.object_store:
            object_store.remove(self.settings, f"checkpoints/{job_id}")
        else:
            shutil.rmtree(self.settings.flink_folder / "checkpoints" / job_id, ignore_errors=True)

    def remove_savepoint(self, location: str) -> None:
        """Remove a savepoint of this stack, given as Flink says where it lies."""
        name = location.rstrip("/").rpartition("/")[2]
        if self.settings.object_store:
            object_store.remove(self.settings, f"savepoints/{name}")
        else:
            shutil.rmtree(self.settings.flink_folder / "savepoints" / name, ignore_errors=True)

    def restart(self, name: str) -> float:
        """Start a service as it was, with its data, after ending it if it runs.

        Returns
        -------
        float
            Seconds until it served.
        """
        began_s = time.monotonic()
        with self._locked(f"restart of {name}"):
            part = next(each for each in parts(self.settings) if each.service.name == name)
            stop(part.service.pid_file, self.settings.stop_grace_s)
            record = start(part.service)
            try:
                wait_ready(part.service, record, part.probe, self.settings.ready_deadline_s)
            except BaseException:
                stop(part.service.pid_file, self.settings.stop_grace_s)
                raise
        return time.monotonic() - began_s

    def restart_taskmanager(self, index: int) -> float:
        """Start a TaskManager, after ending it if it runs, and wait until it is registered.

        Returns
        -------
        float
            Seconds until it was registered.
        """
        began_s = time.monotonic()
        with self._locked(f"restart of TaskManager {index}"):
            service = flink.taskmanager(self.settings, index)
            before = flink.incarnation(self.settings, index)
            stop(service.pid_file, self.settings.stop_grace_s)
            forget_blobs(self.settings, index)
            record = start(service)
            probe = flink.taskmanager_probe(self.settings, index, incarnation_before=before)
            try:
                wait_ready(service, record, probe, self.settings.ready_deadline_s)
            except BaseException:
                stop(service.pid_file, self.settings.stop_grace_s)
                raise
        return time.monotonic() - began_s

    def reserved(self, purpose: str) -> contextlib.AbstractContextManager[None]:
        """Keep the stack for one purpose, such as a run; another that asks for it is refused.

        Raises
        ------
        StackError
            At once, naming who has it.
        """
        return self._lock("reserved", purpose, 0.0, "this stack is in use by")

    def _locked(self, purpose: str) -> contextlib.AbstractContextManager[None]:
        wait_s = self.settings.ready_deadline_s
        return self._lock("lock", purpose, wait_s, "another call works on this stack:")

    @contextlib.contextmanager
    def _lock(self, name: str, purpose: str, wait_s: float, refusal: str) -> Iterator[None]:
        self.settings.data_folder.mkdir(parents=True, exist_ok=True)
        deadline_s = time.monotonic() + wait_s
        with (self.settings.data_folder / name).open("a+") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline_s:
                        lock.seek(0)
                        raise StackError(f"{refusal} {lock.read().strip()}") from None
                    time.sleep(_LOCK_POLL_S)
            lock.truncate(0)
            lock.write(f"{purpose}, pid {os.getpid()}")
            lock.flush()
            yield


class _Phases:
    """Tells the caller what is going on."""

    def __init__(self, on_phase: PhaseCallback | None, on_begin: BeginCallback | None) -> None:
        self._on_phase = on_phase or (lambda _name, _seconds: None)
        self._on_begin = on_begin or (lambda _name: None)

    @contextlib.contextmanager
    def time(self, name: str) -> Iterator[None]:
        self._on_begin(name)
        began_s = time.monotonic()
        yield
        self._on_phase(name, time.monotonic() - began_s)

    def say(self, sentence: str) -> None:
        self._on_begin(sentence)


def _recorded(record: ProcessRecord) -> ServiceStatus:
    state: Literal["running", "dead"] = "running" if is_alive(record) else "dead"
    return ServiceStatus(record.name, state, record.pid, record.address, Path(record.log_file))


def _modified(file: Path) -> float:
    return file.stat().st_mtime
