"""How does a local S3 store run as one process, and who makes its bucket?

SeaweedFS: its master, volume server, filer and S3 gateway in one process. Nobody is asked for a
password: it listens on loopback only.
"""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Callable
from pathlib import Path

from stack.process import Service, StackError
from stack.settings import BUCKET, HOST, StackSettings

NAME = "object-store"
_TIMEOUT_S = 2.0
_REMOVAL_TIMEOUT_S = 60.0
#: Large enough for a run's checkpoints, small enough to be compacted soon, MB. A choice.
_VOLUME_MB = 1024
# A caller's shell that is logged in to a cloud would make the store ask for that login.
_FOREIGN_PREFIXES = ("AWS_", "WEED_")


def options(settings: StackSettings) -> dict[str, str]:
    """What `weed server` is told, by name."""
    return {
        "dir": str(settings.object_store_folder / "data"),
        "ip": HOST,
        "ip.bind": HOST,
        "filer": "true",
        "s3": "true",
        **{name: str(port) for name, port in settings.object_store_ports().items()},
        # Each opens a port of its own, and nobody asks for it.
        "s3.port.iceberg": "0",
        "s3.port.lance": "0",
        "s3.iam": "false",
        # Nothing leaves this machine.
        "master.telemetry": "false",
        "master.volumeSizeLimitMB": str(_VOLUME_MB),
        # As many volumes as fit on the disk: the default of 8 is taken by the first bucket.
        "volume.max": "0",
        # The default waits ten seconds at each stop for readers of other machines.
        "volume.preStopSeconds": "0",
    }


def service(settings: StackSettings) -> Service:
    """Describe the store's process."""
    folder = settings.object_store_folder
    binary = Path(sys.executable).parent / "weed"
    if not binary.exists():
        raise StackError(f"no SeaweedFS at {binary}; run `make install`")
    given = (f"-{name}={value}" for name, value in options(settings).items())
    command = (str(binary), "-logtostderr=true", "server", *given)
    return Service(
        name=NAME,
        command=command,
        environment={
            name: value
            for name, value in os.environ.items()
            if not name.startswith(_FOREIGN_PREFIXES)
        },
        working_folder=folder / "data",
        folder=folder,
        address=settings.object_store_url,
    )


def probe(settings: StackSettings) -> Callable[[], bool]:
    """Make a check that the store serves and has its bucket, which is made where it is missing."""

    def serves() -> bool:
        status = _ask(settings.object_store_port, "PUT", f"/{BUCKET}", _TIMEOUT_S)
        # 409: it is there already.
        return status in (200, 409)

    return serves


def remove(settings: StackSettings, folder: str) -> None:
    """Remove a folder of the bucket with all that is in it; one that is not there is fine.

    Parameters
    ----------
    settings
        Of the running store.
    folder
        Such as ``checkpoints/JOB``.
    """
    path = f"/buckets/{BUCKET}/{folder}?recursive=true&ignoreRecursiveError=true"
    # S3 itself can only remove one object after the other.
    filer = settings.object_store_ports()["filer.port"]
    status = _ask(filer, "DELETE", path, _REMOVAL_TIMEOUT_S)
    if status not in (200, 204, 404):
        said = "did not answer" if status is None else f"said {status}"
        raise StackError(f"{folder} cannot be removed from the object store: it {said}")


def _ask(port: int, method: str, path: str, timeout_s: float) -> int | None:
    """HTTP status; None where there was no answer."""
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout_s)
    try:
        connection.request(method, path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
