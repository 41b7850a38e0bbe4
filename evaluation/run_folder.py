"""What was run, and what do its small files say?

Reads ``run.json``, ``manifest.json`` of the replay, ``sends.json`` and ``job.json``. A file that
is missing or unreadable is named in ``problems`` and never fatal: the judges say what cannot be
known without it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from evaluation.autoscaling.record import AUTOSCALING_FILE, Autoscaling, read_autoscaling
from evaluation.fault_record import FAULTS_FILE, FaultRecord, read_faults
from job.contracts import Topics

#: The topics that a job writes unless ``job.json`` says otherwise.
OUTPUT_TOPICS = Topics.with_prefix().outputs()

#: Of a run folder: the fields of a swipe that each enabled rule needs. The workbench writes it,
#: since the evaluation knows nothing of rules.
RULE_NEEDS_FILE = "rule_needs.json"

Record = TypeVar("Record", bound=msgspec.Struct)


class MachineRecord(msgspec.Struct, frozen=True):
    """Of ``run.json``: the machine.

    ``steal_share`` is CPU time taken away during the run; ``calibration_ms`` is what a fixed loop
    of plain Python took when it began (:mod:`workbench.calibration`).
    """

    steal_share: float | None = None
    calibration_ms: float | None = None


class ReplayRecord(msgspec.Struct, frozen=True):
    """Of ``run.json``: the replay, by path (relative ones start at the run folder) and hash."""

    path: str | None = None
    sha256: str | None = None


class RunRecord(msgspec.Struct, frozen=True):
    """What the evaluation reads of ``run.json``; it may hold more.

    Parameters
    ----------
    stack
        How the services were set that the run met, by name.
    """

    run_id: str | None = None
    started_at: str | None = None
    commit: str | None = None
    dirty: bool | None = None
    settings: dict[str, Any] = {}
    stack: dict[str, Any] = {}
    versions: dict[str, Any] = {}
    machine: MachineRecord = MachineRecord()
    replay: ReplayRecord = ReplayRecord()


class ManifestRecord(msgspec.Struct, frozen=True):
    """What the evaluation reads of the replay's ``manifest.json``."""

    scenario: str | None = None
    difficulty: str | None = None
    seed: int | None = None
    speedup: float | None = None
    rate_per_min: float | None = None
    warm_up_ms: float | None = None
    absent_fields: list[str] = []


class SendsRecord(msgspec.Struct, frozen=True):
    """What the evaluation reads of ``sends.json``: when the schedule began, on both clocks."""

    start_monotonic_ns: int | None = None
    start_wall_ms: int | None = None


class JobRecord(msgspec.Struct, frozen=True):
    """What the evaluation reads of ``job.json``.

    Parameters
    ----------
    complete
        Whether the run ended as it should: final offsets committed, outputs still. None: unknown.
    incomplete_because
        Why not, in one sentence.
    proves_nothing_because
        Why the run says nothing about the fault that was brought about in it; None if it does.
    topics
        The (unprefixed) topics that the job under test writes.
    restarts
        Restarts of the job during the run.
    failed_commits
        Transactions of its sinks that could not be committed.
    checkpoint_counts
        By status, over the whole life of the job; ``checkpoints`` are those that were seen.
    cpu_s
        CPU seconds by process name, e.g. ``taskmanager``.
    external
        Another job, on a cluster that nobody here can look into.
    """

    complete: bool | None = None
    incomplete_because: str = ""
    proves_nothing_because: str | None = None
    topics: tuple[str, ...] = OUTPUT_TOPICS
    restarts: int | None = None
    failed_commits: int | None = None
    exceptions: list[Any] = []
    checkpoints: list[dict[str, Any]] = []
    checkpoint_counts: dict[str, int] = {}
    cpu_s: dict[str, float] = {}
    external: bool = False


class RunFacts(msgspec.Struct, frozen=True):
    """The small files of one run folder, and what is wrong with them."""

    folder: Path
    run: RunRecord
    manifest: ManifestRecord
    sends: SendsRecord
    job: JobRecord
    replay_folder: Path
    problems: list[str]
    rule_needs: dict[str, list[str]] = {}
    faults: list[FaultRecord] = []
    autoscaling: Autoscaling | None = None

    @property
    def blind_rules(self) -> dict[str, list[str]]:
        """Rules that cannot judge this data, each with the fields that it lacks."""
        return blind_rules(self.rule_needs, self.manifest)

    @property
    def run_id(self) -> str:
        """The run's name; the folder's where ``run.json`` has none."""
        return self.run.run_id or self.folder.name

    @property
    def speedup(self) -> float:
        """Event time over wall time; 1 where nothing says otherwise."""
        return 1.0 if self.manifest.speedup is None else self.manifest.speedup

    @property
    def fault(self) -> str | None:
        """The fault that was brought about on purpose; None for none."""
        name = self.run.settings.get("fault")
        return None if name is None else str(name)

    @property
    def rescalings(self) -> int:
        """How often the running job was given another parallelism."""
        return 0 if self.autoscaling is None else len(self.autoscaling.applied_s)

    @property
    def warm_up_ms(self) -> float:
        """How long after the start, in wall time, swipes do not count for latency and rate."""
        return self.manifest.warm_up_ms or 0.0


def read_facts(folder: Path) -> RunFacts:
    """Read the small files of a run folder.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such run folder")
    problems: list[str] = []
    run = _read(folder / "run.json", RunRecord, problems)
    replay_folder = folder / (run.replay.path or "replay")
    return RunFacts(
        folder=folder,
        run=run,
        manifest=_read(replay_folder / "manifest.json", ManifestRecord, problems),
        sends=_read(folder / "sends.json", SendsRecord, problems),
        job=_read(folder / "history" / "job.json", JobRecord, problems),
        replay_folder=replay_folder,
        problems=problems,
        rule_needs=read_rule_needs(folder),
        faults=_faults(folder / "history" / FAULTS_FILE, problems),
        autoscaling=_autoscaling(folder / "history" / AUTOSCALING_FILE, problems),
    )


def _faults(file: Path, problems: list[str]) -> list[FaultRecord]:
    try:
        return read_faults(file)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        problems.append(f"{file.name} is unreadable: {error}")
        return []


def _autoscaling(file: Path, problems: list[str]) -> Autoscaling | None:
    try:
        return read_autoscaling(file)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        problems.append(f"{file.name} is unreadable: {error}")
        return None


def read_rule_needs(folder: Path) -> dict[str, list[str]]:
    """Fields that each rule of the run needs; none where the run does not say."""
    try:
        return msgspec.json.decode(
            (folder / RULE_NEEDS_FILE).read_bytes(), type=dict[str, list[str]]
        )
    except (FileNotFoundError, msgspec.DecodeError):
        return {}


def blind_rules(needs: dict[str, list[str]], manifest: ManifestRecord) -> dict[str, list[str]]:
    """Rules that cannot judge, each with the fields that it needs and the data lacks.

    Examples
    --------
    >>> manifest = ManifestRecord(absent_fields=["device_id", "latitude", "longitude"])
    >>> blind_rules({"travel": ["latitude", "longitude"], "velocity": []}, manifest)
    {'travel': ['latitude', 'longitude']}
    """
    absent = set(manifest.absent_fields)
    lacks = {name: sorted(absent.intersection(fields)) for name, fields in needs.items()}
    return {name: fields for name, fields in lacks.items() if fields}


def _read(file: Path, record: type[Record], problems: list[str]) -> Record:
    try:
        return msgspec.json.decode(file.read_bytes(), type=record)
    except FileNotFoundError:
        problems.append(f"{file.name} is missing")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        problems.append(f"{file.name} is unreadable: {error}")
    return record()
