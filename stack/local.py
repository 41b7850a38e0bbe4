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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from stack import elasticsearch, flink, flink_home, kafka, postgres
from stack.flink_rest import FlinkRest
from stack.ports import require_free
from stack.process import (
    ProcessRecord,
    Service,
    StackError,
    is_alive,
    read_record,
    records,
    start,
    stop,
    wait_ready,
)
from stack.settings import StackSettings

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


@dataclass(frozen=True)
class _Part:
    """A service with all that is needed to bring it up."""

    service: Service
    probe: Callable[[], bool]
    ports: dict[str, int]
    needs: str | None = None
    prepare: Callable[[], None] | None = None


class LocalStack:
    """Kafka and Flink on this machine, and beside them what was asked for.

    Parameters
    ----------
    settings
        Where and how; the environment's settings when left out.
    """

    def __init__(self, settings: StackSettings | None = None) -> None:
        self.settings = settings or StackSettings.load()
        self.rest = FlinkRest(self.settings.flink_rest_url)

    @classmethod
    def for_job(cls, parallelism: int, settings: StackSettings | None = None) -> Self:
        """The stack that a job of this parallelism runs on.

        Parameters
        ----------
        parallelism
            Of the job; it needs as many TaskManagers, one slot each.
        settings
            All the rest; their number of TaskManagers counts only where too few run: a stack that
            somebody made larger stays as it is.
        """
        stack = cls(settings)
        taskmanagers = stack._running_taskmanagers()
        if taskmanagers < parallelism:
            taskmanagers = max(stack.settings.taskmanagers, parallelism)
        return cls(stack.settings.model_copy(update={"taskmanagers": taskmanagers}))

    def _running_taskmanagers(self) -> int:
        """One more than the highest index of those that run."""
        running = (each.name for each in self.status() if each.state == "running")
        return max((flink.taskmanager_index(name) + 1 for name in running), default=0)

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
                for pid_file in reversed(started):
                    stop(pid_file, self.settings.stop_grace_s)
                raise

    def _bring_up(self, phases: _Phases, started: list[Path]) -> tuple[str, ...]:
        parts = self._parts()
        with phases.time("check"):
            missing: list[_Part] = []
            for part in parts:
                if not self._is_reusable(part, missing, phases):
                    missing.append(part)
            self._stop_surplus(parts)
            for part in missing:
                for setting, port in part.ports.items():
                    require_free(part.service.name, setting, port)
        if not missing:
            return ()
        with phases.time("prepare"):
            flink_home.prepare(self.settings)
            if any(part.service.name == kafka.NAME for part in missing):
                kafka.prepare(self.settings)
            for part in missing:
                if part.prepare is not None:
                    part.prepare()
        # All at once: most of a JVM's start is waiting for the disk and for each other.
        with phases.time("start"):
            running = []
            for part in missing:
                started.append(part.service.pid_file)
                running.append((part, start(part.service)))
        for part, record in running:
            with phases.time(part.service.name):
                wait_ready(part.service, record, part.probe, self.settings.ready_deadline_s)
        return tuple(part.service.name for part in missing)

    def _is_reusable(self, part: _Part, missing: list[_Part], phases: _Phases) -> bool:
        record = read_record(part.service.pid_file)
        if record is None:
            return False
        if not is_alive(record):
            phases.say(f"{part.service.name} died since its start; starting it again")
            return False
        if record.fingerprint != part.service.fingerprint:
            phases.say(f"{part.service.name} runs with other settings; restarting it")
        elif any(other.service.name == part.needs for other in missing):
            phases.say(f"{part.service.name} lost its {part.needs}; restarting it")
        else:
            with contextlib.suppress(StackError):
                wait_ready(part.service, record, part.probe, _HEALTH_DEADLINE_S)
                return True
            phases.say(f"{part.service.name} runs but does not answer; restarting it")
        stop(part.service.pid_file, self.settings.stop_grace_s)
        return False

    def _stop_surplus(self, parts: list[_Part]) -> None:
        wanted = {part.service.pid_file for part in parts}
        for pid_file, _record in records(self.settings.data_folder):
            if pid_file not in wanted:
                stop(pid_file, self.settings.stop_grace_s)

    def down(self) -> tuple[str, ...]:
        """Stop everything that was started here; return the names of what was running."""
        with self._locked("down"):
            ended = []
            found = list(records(self.settings.data_folder))
            # TaskManagers before the JobManager before Kafka: nobody loses what it needs.
            for pid_file, record in sorted(found, key=lambda each: each[1].name, reverse=True):
                if stop(pid_file, self.settings.stop_grace_s):
                    ended.append(record.name)
            return tuple(ended)

    def status(self) -> tuple[ServiceStatus, ...]:
        """Look at each service, without changing anything."""
        found = {record.name: record for _, record in records(self.settings.data_folder)}
        never_started = {
            service.name: ServiceStatus(
                service.name, "stopped", None, service.address, service.log_file
            )
            for service in (part.service for part in self._parts())
        }
        recorded = {name: _recorded(record) for name, record in found.items()}
        return tuple({**never_started, **recorded}.values())

    def wipe(self) -> None:
        """Delete all topics, checkpoints and logs; refused while anything runs."""
        running = [each.name for each in self.status() if each.state == "running"]
        if running:
            raise StackError(f"{', '.join(running)} still running; stop the stack first")
        shutil.rmtree(self.settings.data_folder, ignore_errors=True)

    def taskmanager_record(self, index: int) -> ProcessRecord | None:
        """The running process of a TaskManager, None when it does not run."""
        record = read_record(flink.taskmanager(self.settings, index).pid_file)
        return record if record is not None and is_alive(record) else None

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
            record = start(service)
            probe = flink.taskmanager_probe(self.settings, index, incarnation_before=before)
            try:
                wait_ready(service, record, probe, self.settings.ready_deadline_s)
            except BaseException:
                stop(service.pid_file, self.settings.stop_grace_s)
                raise
        return time.monotonic() - began_s

    def _parts(self) -> list[_Part]:
        settings = self.settings
        return [
            _Part(
                kafka.service(settings),
                kafka.probe(settings),
                self._ports("kafka_port", "kafka_controller_port"),
            ),
            _Part(
                flink.jobmanager(settings),
                flink.jobmanager_probe(settings),
                self._ports("flink_rest_port", "flink_rpc_port"),
            ),
            *(
                _Part(
                    flink.taskmanager(settings, index),
                    flink.taskmanager_probe(settings, index),
                    {},
                    needs=flink.JOBMANAGER,
                )
                for index in range(settings.taskmanagers)
            ),
            *self._optional_parts(),
        ]

    def _optional_parts(self) -> Iterator[_Part]:
        """What no run needs: asked for, or running since somebody asked for it."""
        settings = self.settings
        if settings.elasticsearch or self._runs(settings.elasticsearch_folder, elasticsearch.NAME):
            yield _Part(
                elasticsearch.service(settings),
                elasticsearch.probe(settings),
                {
                    "elasticsearch_port": settings.elasticsearch_port,
                    "elasticsearch_transport_port": settings.elasticsearch_transport_port,
                },
                prepare=lambda: elasticsearch.prepare(settings),
            )
        if settings.postgres or self._runs(settings.postgres_folder, postgres.NAME):
            yield _Part(
                postgres.service(settings),
                postgres.probe(settings),
                {"postgres_port": settings.postgres_port},
                prepare=lambda: postgres.prepare(settings),
            )

    @staticmethod
    def _runs(folder: Path, name: str) -> bool:
        record = read_record(folder / f"{name}.pid.json")
        return record is not None and is_alive(record)

    def _ports(self, *names: str) -> dict[str, int]:
        return {name: self.settings.ports()[name] for name in names}

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
