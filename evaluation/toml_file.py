"""How is a file of settings read, so that what is wrong with it is named?"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

Settings = TypeVar("Settings", bound=msgspec.Struct)


class SettingsFileError(ValueError):
    """A file that cannot be used; says which one, which field, and what is wrong with it."""


def read_tables(file: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises
    ------
    SettingsFileError
        If it is not there, or is no TOML.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsFileError(f"{file}: no such file") from None
    except OSError as error:
        raise SettingsFileError(f"{file}: not readable: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsFileError(f"{file}: not readable as TOML: {error}") from None


def laid_over(below: Any, above: Any) -> Any:
    """Tables with the fields of others laid over them.

    Examples
    --------
    >>> laid_over({"runs": {"seconds": 60, "times": 5}}, {"runs": {"seconds": 20}})
    {'runs': {'seconds': 20, 'times': 5}}
    """
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return below | {name: laid_over(below.get(name), value) for name, value in above.items()}


def settings_of(tables: Any, kind: type[Settings], file: Path, within: str = "") -> Settings:
    """Tables as typed settings.

    Parameters
    ----------
    tables
        As read.
    kind
        A struct that forbids unknown fields.
    file, within
        Where the tables are from, for the message.

    Raises
    ------
    SettingsFileError
        Naming the field.
    """
    try:
        return msgspec.convert(tables, kind, strict=True)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        field = ".".join(part for part in (within, path.strip("`.")) if part)
        if not field and "unknown" in message and isinstance(tables, dict):
            names = [each.name for each in msgspec.structs.fields(kind)]
            field = f"tables are {', '.join(names)}"
        raise SettingsFileError(f"{file}: {field or '.'}: {message}") from None
