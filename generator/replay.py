"""How does a replay come to be, and what lies in its folder?

A replay is everything that is sent in one run, rendered beforehand, with the truth beside it:
``manifest.json``, ``records.parquet`` (in send order), ``swipes.parquet``, ``labels.parquet``,
``incidents.parquet``, ``profiles.parquet`` (the warm start), ``reports.parquet`` (what holders say
of its fraud before it ends) and ``merchants.parquet``. The folder appears under its name only when
it is complete.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import struct
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import numpy as np
import pyarrow as pa
from faker import Faker

from generator import tables
from generator.densities import Density, measure_densities
from generator.disturb import Record, Sent, disturb, extra_records
from generator.fraud_reports import write_reports
from generator.profiles import card_profiles
from generator.schedule import Schedule
from generator.settings import ReplaySettings
from generator.tokens import key_fingerprint, token_key
from generator.traffic import LabelledSwipe, Traffic, make_traffic
from job.contracts import CONTRACT_VERSION

#: Raised whenever the same settings give other bytes than before.
GENERATOR_VERSION: Final = 2
#: Share of fraudulent ones among card payments in life: 17 million of 111 billion (EBA and ECB,
#: "Report on payment fraud", December 2025, figures of 2024).
REAL_FRAUD_SHARE: Final = 17e6 / 111e9
#: Room left to the job's limit on event time, after the last undisturbed swipe. A choice.
EVENT_TIME_ROOM_MS: Final = 86_400_000
MANIFEST: Final = "manifest.json"

_NAMES: Final = 500
_LOCALES: Final = ["de_DE", "fr_FR", "nl_NL", "es_ES", "it_IT"]
#: Companies are called after people. Loading all providers of a locale takes seconds.
_PROVIDERS: Final = ["faker.providers.person", "faker.providers.company"]
_PROFILE_BATCH: Final = 10_000
_encode = msgspec.json.Encoder().encode

Progress = Callable[[str, float], None]
_Made = TypeVar("_Made")


class RecordedFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Of a replay of recorded data: what it was made from, and what became of its rows.

    ``bad`` and ``notes`` are lines for people, without card numbers. ``history_rows`` became the
    cards' past; ``not_sent_rows`` were beyond the longest sending that was asked for.
    """

    data: str
    data_sha256: str
    mapping: str
    mapping_sha256: str
    source: str
    rows: int
    bad_rows: int
    bad: list[str]
    notes: list[str]
    history_days: int
    history_rows: int
    not_sent_rows: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay is, and what it was made from.

    ``event_time_start_ms`` and ``event_time_end_ms`` (exclusive) bound the undisturbed swipes,
    warm-up included. ``event_time_limit_ms`` is past all of them and before every swipe whose
    clock is ahead: the limit to run the job with. ``sha256`` is over the records' keys, times and
    values in order, ``profiles_sha256`` over the profiles. ``token_key`` tells keys apart.
    ``absent_fields`` are fields of the contract that recorded data does not have.
    """

    scenario: str
    difficulty: str
    seed: int
    rate_per_min: int
    speedup: float
    warm_up_ms: int
    duration_ms: int
    event_time_start_ms: int
    event_time_end_ms: int
    event_time_limit_ms: int
    sha256: str
    profiles_sha256: str
    token_key: str
    counts: dict[str, int]
    disturbances: dict[str, int]
    unreadable_by_kind: dict[str, int]
    incidents_by_scenario: dict[str, int]
    fraud_share: float
    fraud_share_in_life: float
    oversampling: float
    densities: list[Density]
    flagged_densities: list[str]
    versions: dict[str, str]
    settings: dict[str, Any]
    absent_fields: list[str] = []
    recorded: RecordedFacts | None = None


class ReplayError(ValueError):
    """A folder that is no complete replay, or is in the way of one."""


def replay_key(settings: ReplaySettings) -> str:
    """A name for the replay of these settings: equal if and only if the bytes are."""
    parts = {
        "settings": settings.model_dump(mode="json"),
        "generator": GENERATOR_VERSION,
        "contract": CONTRACT_VERSION,
        "code": _code_hash(),
        "token_key": key_fingerprint(token_key()),
    }
    digest = hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()
    return f"{settings.scenario}-{settings.difficulty}-{digest[:16]}"


@cache
def _code_hash() -> str:
    """SHA-256 over all code that a replay's bytes depend on, so that a changed scenario is new."""
    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    parts = ("generator", "scenarios", "job/contracts")
    for file in sorted(file for part in parts for file in root.glob(f"{part}/*.py")):
        digest.update(file.relative_to(root).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def load_manifest(folder: Path) -> Manifest:
    """Read the manifest of a complete replay.

    Raises
    ------
    ReplayError
        If there is none, or it is of another version.
    """
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise ReplayError(f"{folder} is no replay: it has no {MANIFEST}") from None
    except msgspec.DecodeError as error:
        raise ReplayError(f"{folder / MANIFEST}: {error}; make the replay again") from None


def cached_replay(settings: ReplaySettings, cache: Path, progress: Progress | None = None) -> Path:
    """The folder of the replay of these settings below ``cache``, made if it is not there."""
    folder = cache / replay_key(settings)
    if (folder / MANIFEST).exists():
        return folder
    try:
        write_replay(settings, folder, progress)
    except ReplayError:
        # Another process was quicker; what it made has the same bytes.
        if not (folder / MANIFEST).exists():
            raise
    return folder


def write_replay(
    settings: ReplaySettings, folder: Path, progress: Progress | None = None
) -> Manifest:
    """Make a replay.

    Parameters
    ----------
    settings
        What it is a function of (and the key for the tokens).
    folder
        Must not exist yet. Appears when the replay is complete.
    progress
        Called with the step's name and the share that is done, 0 to 1.

    Raises
    ------
    ReplayError
        If the folder exists.
    ValueError
        If what is asked for does not fit together, e.g. more incidents than records.
    """
    watch = progress or _no_progress
    return appear_complete(folder, lambda unfinished: _write_into(settings, unfinished, watch))


def appear_complete(
    folder: Path, write_into: Callable[[Path], _Made], marker: str = MANIFEST
) -> _Made:
    """Let a folder be written elsewhere, and give it its name when it is complete.

    Parameters
    ----------
    write_into
        Writes everything into the folder it is given.
    marker
        A file that every complete folder has.

    Raises
    ------
    ReplayError
        If the folder exists.
    """
    if folder.exists():
        raise ReplayError(f"{folder} is there already; remove it or choose another")
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        made = write_into(unfinished)
        unfinished.chmod(0o755)
        unfinished.rename(folder)
    except OSError as error:
        if not (folder / marker).exists():
            raise
        raise ReplayError(f"{folder} was made by another process meanwhile") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return made


def _no_progress(_: str, __: float) -> None:
    """Nobody watches."""


def _write_into(settings: ReplaySettings, folder: Path, progress: Progress) -> Manifest:
    key = token_key()
    progress("planning swipes", 0.0)
    swipes_wanted = settings.records - sum(extra_records(settings).values())
    traffic = make_traffic(settings, swipes_wanted, key)
    progress("rendering records", 0.5)
    sent = disturb(settings, traffic.swipes, _encode)
    labelled = traffic.swipes + sent.extra_swipes
    due_us = Schedule(settings).due_us(len(sent.records))
    tables.write(folder, "records", tables.records_table(sent.records, due_us))
    tables.write(folder, "swipes", tables.swipes_table(labelled))
    tables.write(folder, "labels", tables.labels_table(labelled))
    tables.write(
        folder,
        "incidents",
        tables.incidents_table(traffic.incidents, settings.event_time_start_ms),
    )
    rows = tables.merchants_rows(labelled, _merchant_names(settings.seed))
    tables.write(folder, "merchants", pa.Table.from_pylist(rows))
    progress("rendering profiles", 0.7)
    digest = hashlib.sha256()
    tables.write_profiles(folder, _profiles(settings, traffic, digest, progress), _PROFILE_BATCH)
    reports = write_reports(folder, settings, traffic.past_reports)
    manifest = _manifest(settings, traffic, sent, labelled, key, digest.hexdigest(), len(reports))
    (folder / MANIFEST).write_bytes(tables.json_bytes(manifest))
    progress("done", 1.0)
    return manifest


def _merchant_names(seed: int) -> list[str]:
    faker = Faker(_LOCALES, providers=_PROVIDERS)
    faker.seed_instance(seed)
    return [faker.company() for _ in range(_NAMES)]


def _profiles(
    settings: ReplaySettings, traffic: Traffic, digest: Any, progress: Progress
) -> Iterator[tuple[str, bytes]]:
    """Token and rendered profile of each card, hashed on the way."""
    cards = len(traffic.cards)
    for row, (token, value) in enumerate(card_profiles(settings, traffic)):
        digest.update(value)
        if row % _PROFILE_BATCH == 0:
            progress("rendering profiles", 0.7 + 0.3 * row / cards)
        yield token, value


def _manifest(
    settings: ReplaySettings,
    traffic: Traffic,
    sent: Sent,
    labelled: list[LabelledSwipe],
    key: bytes,
    profiles_sha256: str,
    reports: int,
) -> Manifest:
    densities = measure_densities(settings, traffic)
    frauds = sum(one.role == "attack" for one in labelled)
    fraud_share = round(frauds / len(labelled), 8)
    return Manifest(
        scenario=settings.scenario,
        difficulty=settings.difficulty,
        seed=settings.seed,
        rate_per_min=settings.rate_per_min,
        speedup=settings.speedup,
        warm_up_ms=settings.warm_up_s * 1000,
        duration_ms=settings.duration_s * 1000,
        event_time_start_ms=settings.event_time_start_ms,
        event_time_end_ms=settings.event_time_end_ms,
        event_time_limit_ms=settings.event_time_end_ms + EVENT_TIME_ROOM_MS,
        sha256=hash_records(sent.records),
        profiles_sha256=profiles_sha256,
        token_key=key_fingerprint(key),
        counts={
            "records": len(sent.records),
            "swipes": len(labelled),
            "cards": len(traffic.cards),
            "past_swipes": sum(len(past) for past in traffic.past),
            "incidents": len(traffic.incidents),
            "fraudulent_swipes": frauds,
            "fraud_reports": reports,
            "look_alike_swipes": sum(one.role == "look_alike" for one in labelled),
        },
        disturbances=dict(Counter(record.disturbance for record in sent.records)),
        unreadable_by_kind=sent.unreadable_by_kind,
        incidents_by_scenario=dict(Counter(one.scenario for one in traffic.incidents)),
        fraud_share=fraud_share,
        fraud_share_in_life=round(REAL_FRAUD_SHARE, 8),
        oversampling=round(fraud_share / REAL_FRAUD_SHARE, 2),
        densities=densities,
        flagged_densities=[one.name for one in densities if one.is_flagged],
        versions={
            "python": platform.python_version(),
            "numpy": np.__version__,
            "generator": str(GENERATOR_VERSION),
            "contract": str(CONTRACT_VERSION),
        },
        settings=settings.model_dump(mode="json"),
    )


def hash_records(records: list[Record]) -> str:
    """SHA-256 over key, time and value of the records in order, each with its length."""
    digest = hashlib.sha256()
    for record in records:
        digest_record(digest, record.record_time_ms, record.key, record.value)
    return digest.hexdigest()


def digest_record(digest: Any, record_time_ms: int, key: str | None, value: bytes | None) -> None:
    """Add one record to the hash over all."""
    key_bytes = b"" if key is None else key.encode()
    value_bytes = b"" if value is None else value
    missing = (key is None) + 2 * (value is None)
    digest.update(struct.pack(">qiiB", record_time_ms, len(key_bytes), len(value_bytes), missing))
    digest.update(key_bytes)
    digest.update(value_bytes)
