"""What is to be run, and with which settings?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from generator.recorded.settings import RecordedSettings
from generator.settings import ReplaySettings
from job.engine.event_windows import parse_windows
from workbench.fault_plan import fault_names

#: Event time by which a replay's end is passed by the clock records, ms: beyond the longest wait of
#: a window (a session's gap of 30 min) and the lateness bound (30 s), with as much again of that.
CLOCK_GAP_MS = 1_860_000


class JobPlan(BaseModel):
    """How the job under test is submitted.

    Attributes
    ----------
    parallelism
        Of the job; figures are at 1.
    checkpoint_interval_ms, state_backend, sink_guarantee, transaction_naming
        As the job's own options.
    rules_file
        Rule parameters; None for those that ship with the job.
    windows
        Event-time windows, a comma list or ``none``; None for the job's own default.
    start_from
        A retained checkpoint of another job that holds the cards' state (`workbench.state`): no
        profiles are published then. None for an empty state.
    code_root
        A checkout whose ``job`` is put under test; None for the workbench's own.
    flink
        Any Flink key for this job; wins over what the job sets itself.
    kafka
        Any property of the job's Kafka clients that the job does not name an option for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    parallelism: Annotated[int, Field(ge=1, le=64)] = 1
    checkpoint_interval_ms: Annotated[int, Field(ge=10)] = 100
    state_backend: Literal["rocksdb", "hashmap"] = "rocksdb"
    sink_guarantee: Literal["exactly-once", "at-least-once"] = "exactly-once"
    transaction_naming: Literal["pooling", "incrementing"] = "pooling"
    lateness_ms: Annotated[int, Field(ge=0)] = 30_000
    rules_file: Path | None = None
    windows: str | None = None
    start_from: str | None = None
    code_root: Path | None = None
    flink: dict[str, str] = {}
    kafka: dict[str, str] = {}

    @field_validator("windows")
    @classmethod
    def _windows_exist(cls, text: str | None) -> str | None:
        if text is not None:
            parse_windows(text)
        return text

    @property
    def transactional(self) -> bool:
        """Whether the sink writes in transactions."""
        return self.sink_guarantee == "exactly-once"

    def arguments(self, prefix: str, bootstrap: str, event_time_limit_ms: int) -> list[str]:
        """The job's command line for one run.

        Parameters
        ----------
        prefix
            Of the run: topics, consumer group and transactions are named after it.
        bootstrap
            Kafka's address.
        event_time_limit_ms
            Later swipes have a broken clock.
        """
        limit = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=event_time_limit_ms)
        rules = [] if self.rules_file is None else ["--rules.file", str(self.rules_file.resolve())]
        # One word each: a key may begin with a dash.
        # Left out where nothing was said: an older job under test does not know it.
        windows = [] if self.windows is None else ["--windows.enabled", self.windows]
        flink = [f"--flink.property={name}={value}" for name, value in self.flink.items()]
        kafka = [f"--kafka.property={name}={value}" for name, value in self.kafka.items()]
        return [
            "--parallelism",
            str(self.parallelism),
            "--watermark.max-lateness",
            f"{self.lateness_ms}ms",
            "--state.backend",
            self.state_backend,
            "--checkpoint.interval",
            f"{self.checkpoint_interval_ms}ms",
            "--sink.guarantee",
            self.sink_guarantee,
            "--sink.transaction-naming",
            self.transaction_naming,
            "--kafka.bootstrap-servers",
            bootstrap,
            "--kafka.topic-prefix",
            prefix,
            "--kafka.group-id",
            f"{prefix}job",
            "--kafka.transactional-id-prefix",
            f"{prefix}job",
            "--event-time.limit",
            limit.isoformat(timespec="milliseconds"),
            "--job.name",
            f"{prefix}detection",
            *rules,
            *windows,
            *flink,
            *kafka,
        ]


class RunPlan(BaseModel):
    """One run of the workbench.

    Attributes
    ----------
    replay
        What is sent.
    job
        What it is sent to.
    workers
        Sending processes.
    partitions
        Of each topic.
    fault
        Brought about in the middle of the sending; several, joined by commas, spread over it;
        ``random`` a sequence by ``fault_seed``. None for none.
    fault_seed
        Of a random sequence.
    fault_count
        How many a random sequence has, with calm between them; None for three at any moments.
    thresholds_file
        What differs from the thresholds that ship with the package; None for those alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    replay: ReplaySettings | RecordedSettings = ReplaySettings()
    job: JobPlan = JobPlan()
    workers: Annotated[int, Field(ge=1, le=16)] = 1
    partitions: Annotated[int, Field(ge=1, le=256)] = 4
    fault: str | None = None
    fault_seed: Annotated[int, Field(ge=0)] = 1
    fault_count: Annotated[int, Field(ge=1)] | None = None
    thresholds_file: Path | None = None

    @field_validator("fault")
    @classmethod
    def _fault_exists(cls, name: str | None) -> str | None:
        if name is not None:
            fault_names(name)
        return name

    def to_builtins(self) -> dict[str, Any]:
        """The settings as they are stored."""
        return self.model_dump(mode="json")
