"""What does Flink's REST interface answer, of which a run or a fault needs to know?"""

from __future__ import annotations

import msgspec


class Overview(msgspec.Struct, frozen=True, rename="kebab"):
    """The cluster at a glance."""

    taskmanagers: int
    slots_total: int
    slots_available: int
    jobs_running: int
    flink_version: str


class TaskManager(msgspec.Struct, frozen=True, rename="camel"):
    """A registered TaskManager."""

    id: str
    path: str
    data_port: int
    slots: int = msgspec.field(name="slotsNumber")
    free_slots: int = msgspec.field(name="freeSlots")
    last_heartbeat_ms: int = msgspec.field(name="timeSinceLastHeartbeat")

    @property
    def incarnation(self) -> str:
        """Differs between a process and its successor of the same id."""
        return f"{self.path}:{self.data_port}"


class Job(msgspec.Struct, frozen=True):
    """A job in the cluster's list."""

    id: str = msgspec.field(name="jid")
    name: str
    state: str


class Vertex(msgspec.Struct, frozen=True):
    """One chain of operators of a job."""

    id: str
    name: str
    parallelism: int
    status: str
    tasks: dict[str, int]


class JobDetail(msgspec.Struct, frozen=True):
    """A job's state, its vertices, and when it last entered each state.

    Attributes
    ----------
    state_since_ms
        Unix time in ms by state; 0 for a state it never was in.
    """

    id: str = msgspec.field(name="jid")
    name: str
    state: str
    vertices: tuple[Vertex, ...]
    state_since_ms: dict[str, int] = msgspec.field(name="timestamps")

    @property
    def all_tasks_running(self) -> bool:
        """Whether each subtask of each vertex is RUNNING (FINISHED ones have done their part)."""
        return self.state == "RUNNING" and all(
            vertex.tasks.get("RUNNING", 0) + vertex.tasks.get("FINISHED", 0) == vertex.parallelism
            for vertex in self.vertices
        )


class Checkpoint(msgspec.Struct, frozen=True):
    """One checkpoint of the history that Flink keeps (its last ten by default)."""

    id: int
    status: str
    is_savepoint: bool
    trigger_ms: int = msgspec.field(name="trigger_timestamp")
    latest_ack_ms: int = msgspec.field(name="latest_ack_timestamp")
    duration_ms: int = msgspec.field(name="end_to_end_duration")
    state_bytes: int = msgspec.field(name="state_size")
    checkpointed_bytes: int = msgspec.field(name="checkpointed_size", default=0)

    @property
    def end_ms(self) -> int:
        """Unix time in ms at which it ended."""
        return self.trigger_ms + self.duration_ms


class CheckpointCounts(msgspec.Struct, frozen=True):
    """How many checkpoints there were."""

    total: int
    in_progress: int
    completed: int
    failed: int
    restored: int


class Checkpoints(msgspec.Struct, frozen=True):
    """Counts over the whole life of the job and the most recent ones, newest first."""

    counts: CheckpointCounts
    history: tuple[Checkpoint, ...] = ()

    def completed(self) -> tuple[Checkpoint, ...]:
        """The completed ones of the history, newest first."""
        return tuple(each for each in self.history if each.status == "COMPLETED")


class JobException(msgspec.Struct, frozen=True, rename="camel"):
    """One failure of a job."""

    exception_name: str
    stacktrace: str
    timestamp_ms: int = msgspec.field(name="timestamp")
    task_name: str | None = None
    taskmanager_id: str | None = msgspec.field(name="taskManagerId", default=None)

    @property
    def first_line(self) -> str:
        """The exception's own sentence."""
        return self.stacktrace.partition("\n")[0]
