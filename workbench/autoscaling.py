"""How is a run's job scaled while swipes are sent, and what is seen of it?

The operator's autoscaler decides, in a process of its own. Here it is started and ended, what it
says is read, and the job is looked at once a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import Final

from confluent_kafka import KafkaException

from evaluation.autoscaling.record import (
    AUTOSCALING_FILE,
    Autoscaling,
    Decision,
    Note,
    VertexChange,
    write_autoscaling,
)
from generator.kafka_client import KafkaRefused, KafkaUnreachable
from stack.autoscaler import LIBRARY, command
from stack.autoscaler.events import (
    Applied,
    Decided,
    Evaluated,
    Event,
    EventLog,
    Failed,
    Noted,
    Started,
)
from stack.flink_rest import RestError
from workbench.children import Child
from workbench.intervention import Intervention
from workbench.job_sampler import JobSampler, short_name
from workbench.live import LiveJob, read_progress
from workbench.problems import RunBroken
from workbench.scaling_target import calm_busy

#: Between two looks of the autoscaler at the job, ms. A choice: the operator takes 60 s.
LOOK_EVERY_MS: Final = 2_000
_SAMPLE_EVERY_S: Final = 1.0
_UNANSWERED: Final = (RestError, KafkaException, KafkaRefused, KafkaUnreachable, TimeoutError)


class AutoscaledRun(Intervention):
    """Has the job scaled while swipes are sent, to the end of the sending.

    Parameters
    ----------
    settings
        Keys of the autoscaler's library.
    scaled
        The first operator of the one chain that is scaled. Of the others the library reckons with
        all that the chain before them puts out, though each of them gets only a part: it would
        have them scaled without need.
    from_s
        Second of the schedule in which the autoscaler is started.
    peak_s
        From which and to which second the load is higher.
    on_decision
        Told of each decision at once.
    by_calm
        Further keys, by how busy the busiest task is just before the autoscaler is started.

    Attributes
    ----------
    record
        What was seen and decided.
    """

    def __init__(
        self,
        settings: Mapping[str, str],
        scaled: str,
        from_s: float,
        peak_s: tuple[float, float],
        on_decision: Callable[[Decision], None] = lambda _decision: None,
        by_calm: Callable[[float], Mapping[str, str]] | None = None,
    ) -> None:
        self.record = Autoscaling(
            decided_by=f"{LIBRARY}, which did not come to run",
            settings=dict(settings),
            peak_s=peak_s,
        )
        self._from_s = from_s
        self._scaled = scaled
        self._on_decision = on_decision
        self._by_calm = by_calm
        self._stop = threading.Event()
        self._autoscaler: Child | None = None
        #: Of each chain of operators, as the autoscaler last saw it.
        self._parallelism: dict[str, int] = {}
        #: Of the schedule's second 0; unknown before the sending began.
        self._start_ns: int | None = None

    def while_sending(self, live: LiveJob, _collector: Child) -> AbstractContextManager[None]:
        """Around the sending."""
        return self._scaling(live)

    @contextmanager
    def _scaling(self, live: LiveJob) -> Iterator[None]:
        self.record.settings |= self._exclusions(live)
        # Asked now: what is missing must be known before the sending.
        self._command(live)
        with ExitStack() as started:
            watcher = threading.Thread(
                target=self._watch,
                args=(live, JobSampler(live), started),
                name="autoscaling",
                daemon=True,
            )
            watcher.start()
            try:
                yield
            finally:
                self._stop.set()
                watcher.join()
                write_autoscaling(live.history / AUTOSCALING_FILE, self.record)
            # One that died decided nothing any more: the run would show nothing, and not why.
            if self._autoscaler is not None:
                self._autoscaler.require_alive()

    def _exclusions(self, live: LiveJob) -> dict[str, str]:
        vertices = live.stack.rest.job(live.job_id).vertices
        others = [each.id for each in vertices if short_name(each.name) != self._scaled]
        if len(others) == len(vertices):
            raise RunBroken(f"the job has no chain of operators that begins with {self._scaled!r}")
        return {"job.autoscaler.vertex.exclude.ids": ";".join(others)}

    def _command(self, live: LiveJob) -> Sequence[str]:
        return command(live.stack.settings, live.job_id, LOOK_EVERY_MS, self.record.settings)

    def _watch(self, live: LiveJob, sampler: JobSampler, started: ExitStack) -> None:
        log: EventLog | None = None
        while not self._stop.wait(_SAMPLE_EVERY_S):
            progress = read_progress(live.folder)
            if progress is None or progress.start_monotonic_ns is None:
                continue
            self._start_ns = progress.start_monotonic_ns
            if log is None and self._second() >= self._from_s and self._is_settled():
                file = live.folder / "autoscaler.log"
                self._autoscaler = Child("the autoscaler", self._command(live), file)
                started.callback(self._autoscaler.stop)
                log = EventLog(file)
            # A JobManager that is busy with a restart answers a moment later.
            with suppress(*_UNANSWERED):
                self.record.samples.append(sampler.sample(progress))
            self._take_all(log, sampler.vertex_names)
        self._take_all(log, sampler.vertex_names)

    def _is_settled(self) -> bool:
        """Whether all keys are known; those that follow from the calm load wait for a figure."""
        if self._by_calm is not None:
            busy = calm_busy(self.record.samples)
            if busy is None:
                return False
            self.record.settings |= self._by_calm(busy)
        return True

    def _take_all(self, log: EventLog | None, vertex_names: Mapping[str, str]) -> None:
        for event in [] if log is None else log.new():
            self._take(event, vertex_names)

    def _take(self, event: Event, vertex_names: Mapping[str, str]) -> None:
        at_s = self._at_s(event.time_ms)
        match event:
            case Started():
                self.record.decided_by = f"{LIBRARY} {event.library}, the operator's own"
            case Evaluated():
                self._parallelism = {
                    vertex: int(figures.parallelism or 0)
                    for vertex, figures in event.vertices.items()
                }
            case Decided():
                decision = self._decision(at_s, event, vertex_names)
                self.record.decisions.append(decision)
                self._on_decision(decision)
            case Applied():
                self.record.applied_s.append(at_s)
            case Noted() | Failed():
                words = f"{event.reason}: {event.message}".partition("\n")[0][:300]
                # It says the same at each look.
                if not self.record.notes or self.record.notes[-1].words != words:
                    self.record.notes.append(Note(at_s=at_s, words=words))

    def _decision(self, at_s: float, event: Decided, vertex_names: Mapping[str, str]) -> Decision:
        after = self._parallelism | {
            vertex: figures.after for vertex, figures in event.vertices.items()
        }
        return Decision(
            at_s=at_s,
            before=max(self._parallelism.values(), default=0),
            after=max(after.values()),
            changes=_changes(event, vertex_names),
        )

    def _at_s(self, time_ms: int) -> float:
        """The second of the schedule for a wall time."""
        return round(self._second() - (time.time() - time_ms / 1_000), 3)

    def _second(self) -> float:
        """The second of the schedule now."""
        now_ns = time.monotonic_ns()
        return (now_ns - (now_ns if self._start_ns is None else self._start_ns)) / 1e9


def _changes(event: Decided, vertex_names: Mapping[str, str]) -> tuple[VertexChange, ...]:
    return tuple(
        VertexChange(
            name=vertex_names.get(vertex, vertex),
            before=figures.before,
            after=figures.after,
            load=figures.load,
            target_per_s=figures.target_per_s,
            capacity_per_s=figures.capacity_per_s,
        )
        for vertex, figures in event.vertices.items()
    )
