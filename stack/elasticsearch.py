"""How does one Elasticsearch node run from its archive, without a container?

The archive is the one that Elasticsearch's own builds test with: the server without any module.
It is unpacked once, beside the jars; configuration, data and logs lie in the stack's own folder.
`GET /` is one of the things it lacks (405), so its health is asked for.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

from stack.http_probe import http_probe
from stack.java import java_binary, jvm_environment
from stack.process import Service, StackError, write_whole
from stack.settings import HOST, StackSettings
from stack.unprivileged import as_service_user, hand_over, require_reachable

NAME = "elasticsearch"
#: Of the distribution, which the node reads from its own configuration folder.
_SHIPPED = ("jvm.options", "log4j2.properties")


def node_settings(settings: StackSettings) -> dict[str, str]:
    """The node's configuration.

    Parameters
    ----------
    settings
        Ports and folder.
    """
    folder = settings.elasticsearch_folder
    return {
        "cluster.name": "paystream",
        "node.name": NAME,
        "path.data": str(folder / "data"),
        "path.logs": str(folder / "logs"),
        "network.host": HOST,
        "http.port": str(settings.elasticsearch_port),
        "transport.port": str(settings.elasticsearch_transport_port),
        "discovery.type": "single-node",
        "xpack.security.enabled": "false",
        # A misspelt index should be an error, not a new index with guessed types.
        "action.auto_create_index": "false",
        # A nearly full disk would turn every index read-only; a run says so itself.
        "cluster.routing.allocation.disk.threshold_enabled": "false",
    }


def service(settings: StackSettings) -> Service:
    """Describe the node's process."""
    folder = settings.elasticsearch_folder
    heap = f"{settings.elasticsearch_heap_mb}m"
    environment = jvm_environment() | {
        "ES_JAVA_HOME": str(Path(java_binary()).resolve().parent.parent),
        "ES_PATH_CONF": str(folder / "config"),
        "ES_TMPDIR": str(folder / "tmp"),
        "ES_JAVA_OPTS": f"-Xms{heap} -Xmx{heap}",
    }
    script = _home(settings, _archive(settings)) / "bin" / "elasticsearch"
    return Service(
        name=NAME,
        command=(*as_service_user(settings), "bash", str(script)),
        environment=environment,
        working_folder=folder,
        folder=folder,
        address=settings.elasticsearch_url,
        configuration=f"{_settings_text(settings)}{heap}\n",
    )


def prepare(settings: StackSettings) -> None:
    """Unpack the archive where it is not yet, and write the configuration."""
    home = _unpacked(settings)
    folder = settings.elasticsearch_folder
    config = folder / "config"
    config.mkdir(parents=True, exist_ok=True)
    for name in _SHIPPED:
        shutil.copyfile(home / "config" / name, config / name)
    write_whole(config / "elasticsearch.yml", _settings_text(settings).encode())
    require_reachable(settings, NAME, home)
    hand_over(settings, NAME, *(folder / name for name in ("config", "data", "logs", "tmp")))


def probe(settings: StackSettings) -> Callable[[], bool]:
    """Make a check that the node has a cluster state and serves."""
    health = f"{settings.elasticsearch_url}/_cluster/health?wait_for_status=yellow&timeout=1s"
    return http_probe(health)


def _settings_text(settings: StackSettings) -> str:
    return "".join(f'{name}: "{value}"\n' for name, value in node_settings(settings).items())


def _archive(settings: StackSettings) -> Path:
    folder = settings.jars_folder / NAME
    found = sorted(folder.glob("elasticsearch-*.zip"))
    if not found:
        raise StackError(f"no Elasticsearch archive in {folder}; run `make install-elasticsearch`")
    return found[-1]


def _home(settings: StackSettings, archive: Path) -> Path:
    return settings.jars_folder / NAME / archive.stem


def _unpacked(settings: StackSettings) -> Path:
    archive = _archive(settings)
    home = _home(settings, archive)
    if home.is_dir():
        return home
    draft = home.with_name(f".{home.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(draft)
        # The archive holds one folder, named after the version.
        (inner,) = draft.iterdir()
        inner.replace(home)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        if not home.is_dir():  # another call may have been faster
            raise StackError(f"{archive} cannot be unpacked: {error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return home
