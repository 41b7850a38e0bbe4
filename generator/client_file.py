"""How are client settings of a secured Kafka given without standing on a command line?

A file of properties: TLS and SASL settings hold passwords, and what stands on a command line can be
read by everybody on the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from generator.kafka_client import KafkaRefused

#: Parts of a setting's name whose value is never written down.
_SECRET: Final = ("password", "secret", "token", "jaas", "key.pem", "username")
_HIDDEN: Final = "(hidden)"


def read_client_file(file: Path | None) -> dict[str, str]:
    """Read ``key=value`` lines; empty lines and those that begin with ``#`` or ``!`` do not count.

    Parameters
    ----------
    file
        Names are librdkafka's, e.g. ``security.protocol=SASL_SSL``; None gives no settings.

    Raises
    ------
    KafkaRefused
        When the file cannot be read or a line is no setting, naming the line by its number only.
    """
    if file is None:
        return {}
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KafkaRefused(f"Kafka settings {file} cannot be read: {error}") from None
    settings = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith(("#", "!")):
            continue
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise KafkaRefused(f"{file}, line {number}: not key=value, e.g. security.protocol=SSL")
        settings[name.strip()] = value.strip()
    return settings


def without_secrets(settings: Mapping[str, str]) -> dict[str, str]:
    """The settings as they may be written into a file.

    Examples
    --------
    >>> without_secrets({"security.protocol": "SASL_SSL", "sasl.password": "hunter2"})
    {'security.protocol': 'SASL_SSL', 'sasl.password': '(hidden)'}
    """
    return {
        name: _HIDDEN if any(part in name for part in _SECRET) else value
        for name, value in settings.items()
    }
