"""Which files do the containers mount that the local stack's settings are written into?

They are kept in git, so that `docker compose` needs nothing but a checkout; a test holds them
against the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from stack import flink_home
from stack.compose import services
from stack.process import write_whole
from stack.settings import PROJECT_ROOT

FOLDER: Final = PROJECT_ROOT / "compose"
_HEAD: Final = (
    "# Written by `paystream stack compose-files` from the settings of the local stack. Change\n"
    "# those in stack/, or what differs here in stack/compose/services.py.\n"
)


def files() -> dict[str, str]:
    """Text of each file by its path below `FOLDER`."""
    return {
        "flink/config.yaml": _HEAD + _yaml(services.flink_configuration()),
        "flink/log4j-console.properties": _HEAD + flink_home.LOG4J_CONSOLE,
        "flink/log4j-cli.properties": _HEAD + flink_home.LOG4J_CLI,
        "kafka/server.properties": _HEAD + _properties(services.kafka_properties()),
        "elasticsearch/elasticsearch.yml": _HEAD + _yaml(services.elasticsearch_configuration()),
    }


def write_files(folder: Path = FOLDER) -> tuple[Path, ...]:
    """Write each file; gives those that changed."""
    changed = []
    for name, text in files().items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, text.encode())
            path.chmod(0o644)  # read by whom the container runs as
            changed.append(path)
    return tuple(changed)


def _yaml(values: Mapping[str, str]) -> str:
    return "".join(f'{key}: "{value}"\n' for key, value in values.items())


def _properties(values: Mapping[str, str]) -> str:
    return "".join(f"{key}={value}\n" for key, value in values.items())
