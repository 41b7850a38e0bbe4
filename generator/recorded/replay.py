"""What lies in the folder of a replay of recorded data?

The same files as in any other (:mod:`generator.replay`); nobody who reads them has to know where
they come from. Written in one pass over sorted rows, a batch at a time.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from generator import tables
from generator.recorded.incidents import find_incidents
from generator.recorded.mapping import DataMapping, load_mapping
from generator.recorded.profiles import card_profiles
from generator.recorded.reading import DataFile
from generator.recorded.rows import Usable, read_rows
from generator.recorded.settings import RecordedSettings
from generator.recorded.swipes import SWIPE_COLUMNS, batches_of, swipes_in
from generator.replay import (
    EVENT_TIME_ROOM_MS,
    GENERATOR_VERSION,
    MANIFEST,
    REAL_FRAUD_SHARE,
    Manifest,
    Progress,
    RecordedFacts,
    ReplayError,
    appear_complete,
    digest_record,
)
from generator.tokens import key_fingerprint, token_key
from job.contracts import APPROVED, CONTRACT_VERSION

#: Days of the beginning that become the past where the mapping says nothing. A choice, as in the
#: generated replays.
HISTORY_DAYS: Final = 7
_DAY_MS: Final = 86_400_000
_ROWS_FILE: Final = ".rows.duckdb"
_PROFILE_BATCH: Final = 10_000
_HASH_BLOCK_BYTES: Final = 1 << 20
_encode = msgspec.json.Encoder().encode

_LABELS: Final = f"""
SELECT swipe_id, card_token, event_time_ms, amount_minor,
  response_code IN ({", ".join(repr(code) for code in sorted(APPROVED))}) AS approved, is_fraud,
  coalesce(scenario, 'ordinary') AS scenario,
  CASE WHEN is_fraud THEN 'attack' ELSE 'ordinary' END AS role, incident_id,
  CAST(NULL AS VARCHAR) AS difficulty, merchant_id, bin, device_id
FROM sent LEFT JOIN attacked USING ("row") ORDER BY nth
"""
_MERCHANTS: Final = """
SELECT merchant_id, merchant_id AS name, arg_min(mcc, nth) AS mcc,
  arg_min(country, nth) AS country,
  arg_min(entry_mode, nth) IN ('ecommerce', 'recurring') AS is_online, count(*) AS swipe_count
FROM sent GROUP BY merchant_id ORDER BY swipe_count DESC, merchant_id
"""
_MERCHANTS_SCHEMA: Final = pa.schema(
    [
        ("merchant_id", pa.string()),
        ("name", pa.string()),
        ("mcc", pa.string()),
        ("country", pa.string()),
        ("is_online", pa.bool_()),
        ("swipe_count", pa.int64()),
    ]
)


def recorded_replay_key(settings: RecordedSettings) -> str:
    """A name for the replay: equal if and only if the bytes are."""
    parts = {
        "settings": settings.model_dump(mode="json", exclude={"data", "mapping"}),
        "data": _file_hash(settings.data),
        "mapping": _file_hash(settings.mapping),
        "generator": GENERATOR_VERSION,
        "contract": CONTRACT_VERSION,
        "code": _code_hash(),
        "token_key": key_fingerprint(token_key()),
    }
    digest = hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()
    return f"{settings.scenario}-recorded-{digest[:16]}"


def _file_hash(file: Path) -> str:
    digest = hashlib.sha256()
    try:
        with file.open("rb") as stream:
            while block := stream.read(_HASH_BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise ReplayError(f"{file}: {error.strerror}") from None
    return digest.hexdigest()


def _code_hash() -> str:
    root = Path(__file__).parent
    files = [*root.glob("*.py"), root.parent / "tables.py", root.parent / "tokens.py"]
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()


def write_recorded_replay(settings: RecordedSettings, folder: Path, progress: Progress) -> Manifest:
    """Make a replay from recorded data.

    Parameters
    ----------
    settings
        Files and pace.
    folder
        Must not exist yet. Appears when the replay is complete.
    progress
        Called with the step's name and the share that is done, 0 to 1.

    Raises
    ------
    generator.recorded.mapping.MappingError
        If the mapping does not fit the data.
    generator.recorded.problems.BadRowsError
        If there are rows that cannot be used, and they are not to be left out.
    ReplayError
        If the data cannot be read, or the folder exists.
    """
    return appear_complete(folder, partial(_write_into, settings, progress))


def _write_into(settings: RecordedSettings, progress: Progress, folder: Path) -> Manifest:
    mapping = load_mapping(settings.mapping)
    data = DataFile(settings.data, mapping.file)
    data.require(mapping, settings.mapping)
    data.require_closed_quotes()
    key = token_key()
    rows_file = folder / _ROWS_FILE
    with duckdb.connect(str(rows_file)) as database:
        usable = read_rows(
            data,
            mapping,
            key,
            database,
            skip_bad=settings.bad_rows == "skip",
            progress=lambda step, share: progress(step, share / 2),
        )
        start_ms, days = _history(mapping, data, database)
        _send(settings, database, start_ms)
        progress("rendering records", 0.5)
        sha256 = _write_records(folder, database, progress)
        incidents = find_incidents(database, mapping.name)
        _write_tables(folder, database, incidents)
        progress("rendering profiles", 0.9)
        profiles = _Profiles(database, start_ms)
        tables.write_profiles(folder, iter(profiles), _PROFILE_BATCH)
        facts = _facts(settings, mapping, usable, days, database, start_ms)
        manifest = _manifest(settings, mapping, facts, incidents, sha256, profiles, database)
    rows_file.unlink()
    (folder / MANIFEST).write_bytes(tables.json_bytes(manifest))
    progress("done", 1.0)
    return manifest


def _row(database: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    row = database.execute(query).fetchone()
    if row is None:
        raise AssertionError("an aggregate has a row")
    return tuple(row)


def _history(
    mapping: DataMapping, data: DataFile, database: duckdb.DuckDBPyConnection
) -> tuple[int, int]:
    """Event time at which the sending begins, and the days before it."""
    first_ms, last_ms = _row(database, "SELECT min(event_time_ms), max(event_time_ms) FROM swipes")
    span_ms = last_ms - first_ms
    days = mapping.history_days
    if days is None:
        days = HISTORY_DAYS if span_ms > 2 * HISTORY_DAYS * _DAY_MS else 0
    start_ms = first_ms + days * _DAY_MS
    if start_ms > last_ms:
        raise ReplayError(
            f"{data.file}: history_days = {days} leaves nothing to send: the data spans "
            f"{span_ms / _DAY_MS:.1f} days"
        )
    return int(start_ms), days


def _send(settings: RecordedSettings, database: duckdb.DuckDBPyConnection, start_ms: int) -> None:
    """Make the table of what is sent, in its order and with its schedule."""
    within = ""
    if settings.duration_s is not None:
        within = f"WHERE due_us < {settings.duration_s * 1_000_000}"
    database.execute(
        f"""
        CREATE TABLE sent AS SELECT * FROM (
          SELECT *, {settings.due_us} AS due_us FROM (
            SELECT *, row_number() OVER (ORDER BY event_time_ms, "row") - 1 AS nth
            FROM swipes WHERE event_time_ms >= {start_ms})) {within}
        """
    )


def _write_records(
    folder: Path,
    database: duckdb.DuckDBPyConnection,
    progress: Progress,
) -> str:
    """Render what is sent, as records and as columns; the hash over the records."""
    digest = hashlib.sha256()
    (total,) = _row(database, "SELECT count(*) FROM sent")
    query = f"SELECT {SWIPE_COLUMNS}, nth, due_us FROM sent ORDER BY nth"
    schema = tables.SWIPES.append(pa.field("nth", pa.int64())).append(
        pa.field("due_us", pa.int64())
    )
    with (
        pq.ParquetWriter(folder / "records.parquet", tables.RECORDS, compression="zstd") as records,
        pq.ParquetWriter(folder / "swipes.parquet", tables.SWIPES, compression="zstd") as swipes,
    ):
        done = 0
        for batch in batches_of(database, query, schema):
            columns = batch.select(tables.SWIPES.names)
            values = [_encode(swipe) for swipe in swipes_in(columns)]
            times_ms = batch.column("event_time_ms")
            keys = batch.column("card_token")
            for key, time_ms, value in zip(
                keys.to_pylist(), times_ms.to_pylist(), values, strict=True
            ):
                digest_record(digest, time_ms, key, value)
            undisturbed = pa.array(["none"] * len(values))
            arrays = [
                *(batch.column("nth"), batch.column("due_us"), times_ms, keys),
                *(pa.array(values, pa.binary()), batch.column("swipe_id"), undisturbed),
            ]
            records.write_table(pa.table(arrays, schema=tables.RECORDS))
            swipes.write_table(columns)
            done += len(values)
            progress("rendering records", 0.5 + 0.4 * done / total)
    return digest.hexdigest()


def _write_tables(folder: Path, database: duckdb.DuckDBPyConnection, incidents: Any) -> None:
    for name, query, schema in (
        ("labels", _LABELS, tables.LABELS),
        ("merchants", _MERCHANTS, _MERCHANTS_SCHEMA),
    ):
        with pq.ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd") as writer:
            for batch in batches_of(database, query, schema):
                writer.write_table(batch)
    tables.write(folder, "incidents", incidents)


class _Profiles:
    """The rendered profiles, counted and hashed as they pass."""

    def __init__(self, database: duckdb.DuckDBPyConnection, start_ms: int) -> None:
        self._source = card_profiles(database, start_ms)
        self._digest = hashlib.sha256()
        self.past_swipes = 0

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        for token, value, recent in self._source:
            self._digest.update(value)
            self.past_swipes += recent
            yield token, value

    @property
    def sha256(self) -> str:
        """Over the values in order."""
        return self._digest.hexdigest()


def _facts(
    settings: RecordedSettings,
    mapping: DataMapping,
    usable: Usable,
    days: int,
    database: duckdb.DuckDBPyConnection,
    start_ms: int,
) -> RecordedFacts:
    (sent,) = _row(database, "SELECT count(*) FROM sent")
    (past,) = _row(database, f"SELECT count(*) FROM swipes WHERE event_time_ms < {start_ms}")
    return RecordedFacts(
        data=settings.data.name,
        data_sha256=_file_hash(settings.data),
        mapping=settings.mapping.name,
        mapping_sha256=_file_hash(settings.mapping),
        source=mapping.source,
        rows=usable.rows,
        bad_rows=usable.rows - usable.used,
        bad=[problem.line for problem in usable.bad],
        notes=[problem.line for problem in usable.notes],
        history_days=days,
        history_rows=past,
        not_sent_rows=usable.used - past - sent,
    )


def _manifest(
    settings: RecordedSettings,
    mapping: DataMapping,
    facts: RecordedFacts,
    incidents: Any,
    sha256: str,
    profiles: _Profiles,
    database: duckdb.DuckDBPyConnection,
) -> Manifest:
    first_ms, last_ms, records, cards, frauds, due_us = _row(
        database,
        "SELECT min(event_time_ms), max(event_time_ms), count(*), count(DISTINCT card_token),"
        " count(*) FILTER (WHERE is_fraud), max(due_us) FROM sent",
    )
    if settings.rate_per_min is not None:
        wall_ms = max(1, round(records * 60_000 / settings.rate_per_min))
    else:
        wall_ms = due_us // 1000 + 1
    fraud_share = round(frauds / records, 8)
    kinds = incidents.column("scenario").to_pylist()
    return Manifest(
        scenario=mapping.name,
        difficulty="",
        seed=0,
        rate_per_min=round(records * 60_000 / wall_ms),
        speedup=settings.speedup or round(max(1, last_ms - first_ms) / wall_ms, 6),
        warm_up_ms=0,
        duration_ms=wall_ms,
        event_time_start_ms=first_ms,
        event_time_end_ms=last_ms + 1,
        event_time_limit_ms=last_ms + 1 + EVENT_TIME_ROOM_MS,
        sha256=sha256,
        profiles_sha256=profiles.sha256,
        token_key=key_fingerprint(token_key()),
        counts={
            "records": records,
            "swipes": records,
            "cards": cards,
            "past_swipes": profiles.past_swipes,
            "incidents": len(incidents),
            "fraudulent_swipes": frauds,
            "look_alike_swipes": 0,
        },
        disturbances={"none": records},
        unreadable_by_kind={},
        incidents_by_scenario={kind: kinds.count(kind) for kind in sorted(set(kinds))},
        fraud_share=fraud_share,
        fraud_share_in_life=round(REAL_FRAUD_SHARE, 8),
        oversampling=round(fraud_share / REAL_FRAUD_SHARE, 2),
        densities=[],
        flagged_densities=[],
        versions={
            "python": platform.python_version(),
            "numpy": np.__version__,
            "generator": str(GENERATOR_VERSION),
            "contract": str(CONTRACT_VERSION),
        },
        settings=settings.model_dump(mode="json"),
        absent_fields=mapping.absent_fields(),
        recorded=facts,
    )
