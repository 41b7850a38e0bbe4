"""How is the cluster of `docker-compose.flink.yml` used, which somebody else starts and ends?

It answers the questions that a run asks of the local stack. What would need its processes
(starting, killing, their CPU) is not there: these belong to the container engine.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn, Self

from pydantic_settings import BaseSettings, SettingsConfigDict

from stack.compose.shipped import (
    COMPOSE_FILE,
    JOB_FOLDER,
    JOBMANAGER,
    KAFKA_INSIDE,
    TASKMANAGER,
    shipped_settings,
)
from stack.flink_rest import FlinkRest, RestError
from stack.local import LocalStack
from stack.process import ProcessRecord, StackError
from stack.settings import StackSettings
from stack.submission import ProgressCallback, run_client

ENV_PREFIX: Final = "PAYSTREAM_COMPOSE_"
_COMPOSE: Final = f"docker compose --file {shlex.quote(str(COMPOSE_FILE))}"
_START: Final = f"docker compose -f {COMPOSE_FILE.name} up -d --wait"
_CODE_TIMEOUT_S: Final = 60.0


class ComposeSettings(BaseSettings):
    """How the containers are reached, as ``PAYSTREAM_COMPOSE_<NAME>``.

    Attributes
    ----------
    command
        Before a command that is to run where the JobManager does.
    kafka_inside
        Broker's address as the containers know it.
    job_folder
        The folder that holds ``job/`` there.
    """

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, extra="forbid", frozen=True)

    command: str = f"{_COMPOSE} exec -T {JOBMANAGER}"
    kafka_inside: str = KAFKA_INSIDE
    job_folder: str = JOB_FOLDER


class ComposeStack(LocalStack):
    """Kafka and Flink in containers.

    Parameters
    ----------
    settings
        Ports on the host; those that ship when left out.
    reach
        How a command gets into a container; the environment's when left out.
    """

    def __init__(
        self, settings: StackSettings | None = None, reach: ComposeSettings | None = None
    ) -> None:
        self.settings = settings or shipped_settings()
        self.rest = FlinkRest(*self.settings.flink_rest_urls)
        self._reach = reach or ComposeSettings()

    @classmethod
    def for_job(cls, parallelism: int, settings: StackSettings | None = None) -> Self:
        """The stack as it runs, if it has room for a job.

        Parameters
        ----------
        parallelism
            Of the job.
        settings
            As of the class.

        Raises
        ------
        stack.process.StackError
            If it does not run, or its slots are taken.
        """
        stack = cls(settings)
        stack.require_room(parallelism)
        return stack

    def require_room(self, parallelism: int) -> int:
        """Refuse a job that would wait for a slot; gives the number of TaskManagers.

        Raises
        ------
        stack.process.StackError
            If nobody answers, or too few slots are free: says what to do.
        """
        try:
            found = self.rest.overview()
        except RestError as error:
            raise StackError(f"{error.line}; start the containers: {_START}") from None
        if found.slots_available < parallelism:
            running = [each for each in self.rest.jobs() if each.state == "RUNNING"]
            has = ", ".join(f"{each.name} ({each.id})" for each in running) or "no job yet"
            wanted = found.taskmanagers + parallelism - found.slots_available
            raise StackError(
                f"{found.slots_available} of {found.slots_total} slots are free and the run needs "
                f"{parallelism}; running: {has}; cancel one (./bin/flink cancel ID) or start more: "
                f"{_START} --scale {TASKMANAGER}={wanted}"
            )
        return found.taskmanagers

    def require_code(self, code_hash: str) -> None:
        """Refuse containers that hold other job code than is to be tested.

        Parameters
        ----------
        code_hash
            Of the job that is to be tested.

        Raises
        ------
        stack.process.StackError
            If theirs differs, or cannot be asked for.
        """
        question = "from job.version import code_hash; print(code_hash())"
        command = [*shlex.split(self._reach.command), "python", "-c", question]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=_CODE_TIMEOUT_S
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise StackError(f"the containers cannot be asked for their code: {error}") from None
        if done.returncode != 0:
            raise StackError(
                f"the containers cannot be asked for their code (exit code {done.returncode})",
                "\n".join(done.stderr.splitlines()[-5:]),
            )
        held = done.stdout.strip()
        if held != code_hash:
            raise StackError(
                f"the image holds version {held} of the job, this checkout has {code_hash}: build "
                f"it anew with {_START} --build"
            )

    @property
    def kafka_address_of_jobs(self) -> str:
        """As the containers know the broker."""
        return self._reach.kafka_inside

    def submit(
        self,
        entry_point: Path,
        arguments: Sequence[str],
        python_files: Sequence[Path],  # noqa: ARG002 - the image has them
        *,
        configuration: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,  # noqa: ARG002 - the containers have theirs
        savepoint: str | None = None,
        is_other_job: bool = False,
        on_progress: ProgressCallback | None = None,
    ) -> str:
        """Submit the image's own job by Flink's client in the JobManager's container.

        Parameters
        ----------
        entry_point
            Its folder's last two names and its own count: they are the same in the image.
        arguments, configuration, savepoint, is_other_job, on_progress
            As in `stack.submission.submit`.
        python_files, environment
            Not sent: the image and its containers have theirs.
        """
        folder = self._reach.job_folder
        keys = [f"-D{key}={value}" for key, value in (configuration or {}).items()]
        from_where = [] if savepoint is None else ["--fromSavepoint", savepoint]
        if savepoint is not None and is_other_job:
            from_where.append("--allowNonRestoredState")
        program = "/".join((folder, *entry_point.parts[-3:]))
        command = [
            *shlex.split(self._reach.command),
            *("flink", "run", "--detached", *keys, *from_where),
            *("-pyfs", folder, "-py", program, *arguments),
        ]
        return run_client(command, program, os.environ, on_progress)

    def process(self, name: str) -> ProcessRecord | None:  # noqa: ARG002
        """No process of the containers is one of ours."""
        return None

    def up(self, *_: object, **__: object) -> NoReturn:
        """Refused: the container engine starts them."""
        raise StackError(f"containers are not started from here: {_START}")

    def down(self) -> NoReturn:
        """Refused: the container engine ends them."""
        raise StackError(
            f"containers are not ended from here: docker compose -f {COMPOSE_FILE.name} down"
        )
