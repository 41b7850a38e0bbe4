"""How does a row of ``card_profiles`` become a profile, and a profile a row?"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import psycopg

from delivery.problems import DeliveryError
from delivery.profiles.database import Connection, connect, ensure_tables, line_of
from job.contracts import CardProfile

#: In the order in which rows are read and written.
COLUMNS: Final = (
    "card_token",
    "bin",
    "updated_at",
    "home_country",
    "home_latitude",
    "home_longitude",
    "currency",
    "amount_count",
    "amount_log_mean",
    "amount_log_sd",
    "device_ids",
    "usual_countries",
    "recent",
)
#: What is read in another form, in which it can be refused by name. PostgreSQL knows times that
#: Python does not, and its JSON numbers that Python does not read.
_READ_AS: Final = {
    "updated_at": "(extract(epoch FROM {}) * 1000)::double precision",
    "recent": "{}::text",
}
_decode = msgspec.json.Decoder(CardProfile).decode
_UPSERT: Final = f"""
    INSERT INTO card_profiles ({", ".join(COLUMNS)})
    SELECT {", ".join(COLUMNS)} FROM incoming
    ON CONFLICT (card_token) DO UPDATE
    SET ({", ".join(COLUMNS[1:])}) = ({", ".join(f"excluded.{name}" for name in COLUMNS[1:])})
"""  # noqa: S608 - names of columns, all ours


def read_from(table: str) -> str:
    """What to select of a table, or of its alias, for :func:`profile_of`.

    Examples
    --------
    >>> read_from("p").split(", ")[:3]
    ['p.card_token', 'p.bin', '(extract(epoch FROM p.updated_at) * 1000)::double precision']
    """
    return ", ".join(_READ_AS.get(name, "{}").format(f"{table}.{name}") for name in COLUMNS)


def profile_of(row: tuple[Any, ...]) -> CardProfile:
    """The profile of a row as :func:`read_from` selects it.

    Raises
    ------
    msgspec.DecodeError
        If the row does not keep the contract, which the table's checks cannot say in full.
    """
    found = dict(zip(COLUMNS, row, strict=True))
    updated_ms = found.pop("updated_at")
    # What has no number of milliseconds is no time, and is refused as it came.
    is_time = isinstance(updated_ms, float) and math.isfinite(updated_ms)
    found["updated_ms"] = round(updated_ms) if is_time else updated_ms
    try:
        found["recent"] = msgspec.json.decode(found["recent"] or "null")
    except (msgspec.DecodeError, RecursionError) as error:
        raise msgspec.DecodeError(f"{error} - at `$.recent`") from None
    return msgspec.convert(found, CardProfile)


def row_of(profile: CardProfile) -> tuple[Any, ...]:
    """The row of a profile."""
    found = msgspec.structs.asdict(profile)
    found["updated_at"] = datetime.fromtimestamp(profile.updated_ms / 1_000, UTC)
    found["recent"] = msgspec.json.encode(profile.recent).decode()
    return tuple(found[name] for name in COLUMNS)


def fill_table(url: str, values: Iterable[bytes]) -> int:
    """Make the tables where they are not there, and put encoded profiles into them.

    Parameters
    ----------
    url
        Of the database.
    values
        As for :func:`import_profiles`.

    Raises
    ------
    DeliveryError
        As for :func:`import_profiles`, and when the database does not answer.
    """
    try:
        with connect(url) as connection:
            ensure_tables(connection)
            return import_profiles(connection, values)
    except psycopg.OperationalError as error:
        raise DeliveryError(
            f"the database does not answer: {line_of(error)}; `make stack-up postgres=1` starts "
            "the local one"
        ) from None


def import_profiles(connection: Connection, values: Iterable[bytes]) -> int:
    """Put encoded profiles into the table in one transaction; cards that are there are replaced.

    Parameters
    ----------
    connection
        With the tables made.
    values
        As they travel on ``card-profiles``.

    Returns
    -------
    int
        How many.

    Raises
    ------
    DeliveryError
        When one is no profile, or the table refuses it; nothing is imported then.
    """
    count = 0
    try:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE incoming (LIKE card_profiles) ON COMMIT DROP")
            into = f"COPY incoming ({', '.join(COLUMNS)}) FROM STDIN"
            with cursor.copy(into) as copy:
                for count, value in enumerate(values, start=1):  # noqa: B007 - counts
                    copy.write_row(row_of(_decode(value)))
            cursor.execute(_UPSERT)
    except msgspec.DecodeError as error:
        raise DeliveryError(f"profile {count} is none ({error}); nothing was imported") from None
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        raise DeliveryError(
            f"the database refuses the profiles: {line_of(error)}; nothing was imported"
        ) from None
    return count
