"""In which order is a large state measured?

For each size: fill it, run on it in peace, run on it overloaded. At the largest, kills: with the
state restored from the object store, with a spare standing by, and from a local copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import msgspec

from evaluation.evaluate import Evaluation
from evaluation.fault_record import FAULTS_FILE, read_faults
from evaluation.large_state.capacity import drain_rate
from evaluation.large_state.results import (
    IN_PEACE,
    OVERLOADED,
    Broken,
    LargeState,
    Origin,
    delivered_of,
    kill_name,
    recoveries_of,
    steady_of,
)
from generator.settings import ReplaySettings
from stack.local import LocalStack
from stack.process import StackError
from stack.settings import StackSettings
from workbench.children import ChildFailed
from workbench.console import Phases
from workbench.leftovers import clear
from workbench.peak_watch import watched_peak
from workbench.plan import JobPlan, RunPlan
from workbench.problems import RunBroken, first_and_last
from workbench.replays import make_replay
from workbench.simulate import simulate
from workbench.state_fill import Filled, cards_for, filled_state, join_profiles

#: A checkpoint of all of the state takes longer than the job's own bound.
_CHECKPOINT_TIMEOUT: Final = "30 min"
_WARM_UP_S: Final = 5
#: What stands in place of a run's name where none was made: there was no state to run on.
_FILLING: Final = "filling"


class StatePlan(NamedTuple):
    """What is to be measured.

    Attributes
    ----------
    sizes_gb
        Of the state, GB (1e9 bytes), ascending.
    swipes_per_card
        Held by each card that makes up the size.
    calm, overload
        Replays of the run in peace and of the overloaded one; their cards must differ.
    kills
        Replay of the runs with kills.
    checkpoint_interval_ms
        Of the detection job.
    parts
        Of `PARTS`.
    """

    sizes_gb: Sequence[float]
    swipes_per_card: int
    calm: ReplaySettings
    overload: ReplaySettings
    kills: ReplaySettings
    checkpoint_interval_ms: int
    parts: Sequence[str] = ()


class Kill(NamedTuple):
    """A run with a kill: which, on what, and what is told of it."""

    fault: str
    origin: Origin
    has_spare: bool


#: What can be measured of the largest size, by name; in peace of every size.
PEACE: Final = "peace"
KILLS: Final = {
    "store": Kill("taskmanager_kill", "object store", has_spare=False),
    "local": Kill("taskmanager_kill", "local copy", has_spare=False),
    # Runs of their own: a restore can take longer than the sending.
    "jobmanager": Kill("jobmanager_kill", "local copy", has_spare=False),
    # Last: a stack that was made larger stays so.
    "spare": Kill("taskmanager_kill", "object store", has_spare=True),
}
PARTS: Final = (PEACE, *KILLS)


class StateSeries:
    """Measures one size after the other.

    Parameters
    ----------
    plan
        What.
    settings
        The stack: high availability, object store; its number of TaskManagers is chosen here.
    phases
        Where progress is told.
    runs, replays
        Folders.
    on_result
        Told of the results after each run that adds to them.

    Attributes
    ----------
    results
        What is known so far.
    """

    def __init__(
        self,
        plan: StatePlan,
        settings: StackSettings,
        phases: Phases,
        runs: Path,
        replays: Path,
        on_result: Callable[[LargeState], None] = lambda _: None,
    ) -> None:
        self._plan = plan
        self._settings = settings
        self._phases = phases
        self._runs = runs
        self._replays = replays
        self._on_result = on_result
        self._since = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
        self.results = LargeState()

    def run(self) -> None:
        """Measure all; what was found out stands in `results` when it is broken off."""
        plan = self._plan
        made = [
            make_replay(each, self._phases, self._replays)
            for each in dict.fromkeys((plan.calm, plan.overload, plan.kills))
        ]
        watched = watched_peak(self._settings.data_folder, self.results)
        with TemporaryDirectory() as folder, watched:
            profiles = Path(folder) / "profiles.parquet"
            join_profiles(made, profiles)
            for size_gb in plan.sizes_gb:
                self._phases.line("state", f"{size_gb:g} GB")
                with ExitStack() as held:
                    try:
                        filled = held.enter_context(self._filled(size_gb, profiles))
                    except StackError as error:
                        # What stood in its way need not stand in the way of another size.
                        self._broke(
                            _FILLING, round(size_gb * 1e9), "the state was not filled", error
                        )
                        continue
                    self._measure(filled, with_kills=size_gb == plan.sizes_gb[-1])

    def _measure(self, filled: Filled, *, with_kills: bool) -> None:
        if PEACE in self._plan.parts:
            self._in_peace(filled)
        for name, kill in KILLS.items():
            if with_kills and name in self._plan.parts:
                self._killed(filled, kill)

    @contextmanager
    def _filled(self, size_gb: float, profiles: Path) -> Iterator[Filled]:
        plan = self._plan
        cards = cards_for(round(size_gb * 1e9), profiles, plan.swipes_per_card)
        with ExitStack() as filled:
            stack = LocalStack(self._stack_for("object store", has_spare=False))
            with self._phases.phase("stack") as bar:
                started = stack.up(on_begin=bar.say)
                bar.note = f"started {', '.join(started)}" if started else "was running"
            with self._phases.phase("fill the state") as bar:
                result = filled.enter_context(
                    filled_state(
                        stack,
                        profiles,
                        cards,
                        plan.swipes_per_card,
                        lambda done, total: bar.update(done, total, f"{done:,} of {total:,} cards"),
                    )
                )
                written = result.checkpoint
                bar.note = (
                    f"{cards:,} cards; {written.checkpointed_bytes / 1e9:.2f} GB to the store in "
                    f"{written.duration_ms / 1000:.1f} s"
                )
            # Its Python holds the profiles of all cards.
            stack.restart_taskmanager(0)
            yield result

    def _in_peace(self, filled: Filled) -> None:
        settings = self._stack_for("object store", has_spare=False)
        calm = self._simulate(IN_PEACE, filled, self._run_plan(filled, self._plan.calm), settings)
        if calm is None:
            return
        steady = steady_of(
            calm[1],
            _checkpoints(calm[0]),
            state_bytes=filled.checkpoint.state_bytes,
            cards=filled.cards,
            fill_s=filled.fill_s,
        )
        self.results.steady.append(steady)
        self._on_result(self.results)
        plan = self._run_plan(filled, self._plan.overload)
        overload = self._simulate(OVERLOADED, filled, plan, settings)
        if overload is None:
            return
        folder, evaluation = overload
        rate, overloaded = drain_rate(folder)
        self.results.steady[-1] = msgspec.structs.replace(
            steady,
            rate_per_s=rate if overloaded else None,
            overloaded=delivered_of(evaluation),
        )
        self._on_result(self.results)

    def _killed(self, filled: Filled, kill: Kill) -> None:
        settings = self._stack_for(kill.origin, has_spare=kill.has_spare)
        name = kill_name(kill.fault, kill.origin, has_spare=kill.has_spare)
        if kill.has_spare and not self._warm(f"warm-up before {name}", filled, settings):
            # A cold spare would be measured, and called a warm one.
            return
        plan = self._run_plan(filled, self._plan.kills, fault=kill.fault)
        done = self._simulate(name, filled, plan, settings)
        if done is None:
            return
        folder, evaluation = done
        self.results.recoveries += recoveries_of(
            evaluation,
            read_faults(folder / "history" / FAULTS_FILE),
            state_bytes=filled.checkpoint.state_bytes,
            has_spare=kill.has_spare,
        )
        self._on_result(self.results)

    def _warm(self, name: str, filled: Filled, settings: StackSettings) -> bool:
        """Let every TaskManager have had a task: a spare of a cluster in service has had one."""
        replay = self._plan.calm.model_copy(update={"duration_s": _WARM_UP_S, "warm_up_s": 0})
        job = JobPlan(parallelism=settings.taskmanagers)
        everybody = settings.model_copy(update={"spare_taskmanagers": 0})
        self._phases.line("warm-up", "a short run on every TaskManager; it does not count")
        plan = RunPlan(replay=replay, job=job)
        return self._simulate(name, filled, plan, everybody) is not None

    def _run_plan(
        self, filled: Filled, replay: ReplaySettings, fault: str | None = None
    ) -> RunPlan:
        job = JobPlan(
            checkpoint_interval_ms=self._plan.checkpoint_interval_ms,
            start_from=filled.location,
            flink={"execution.checkpointing.timeout": _CHECKPOINT_TIMEOUT},
        )
        return RunPlan(replay=replay, job=job, fault=fault)

    def _stack_for(self, origin: Origin, *, has_spare: bool) -> StackSettings:
        return self._settings.model_copy(
            update={
                "local_recovery": origin == "local copy",
                "rocksdb_medium": "disk",
                "taskmanagers": 2 if has_spare else 1,
                "spare_taskmanagers": 1 if has_spare else 0,
            }
        )

    def _simulate(
        self, name: str, filled: Filled, plan: RunPlan, settings: StackSettings
    ) -> tuple[Path, Evaluation] | None:
        """Run and judge; a run that breaks costs its own figures only, and is not forgotten."""
        try:
            folder, evaluation = simulate(
                plan,
                Phases(self._phases.console),
                self._runs,
                settings=settings,
                replays=self._replays,
                keep_stack=True,
            )
        except (RunBroken, ChildFailed, StackError) as error:
            self._broke(name, filled.checkpoint.state_bytes, "the run broke", error)
            # A job of it that is left would hold the slot of the next.
            clear(settings, self._since)
            return None
        verdict = evaluation.verdict
        self._phases.line("verdict", f"{verdict.value}: {verdict.reason}")
        return folder, evaluation

    def _broke(self, name: str, state_bytes: int, what: str, error: Exception) -> None:
        self._phases.line("broken", str(error), style="yellow")
        reason = f"{what}: {first_and_last(str(error))}"
        self.results.broken.append(Broken(run=name, state_bytes=state_bytes, reason=reason))
        self._on_result(self.results)


def _checkpoints(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = msgspec.json.decode(
        (folder / "history" / "job.json").read_bytes()
    )["checkpoints"]
    return found
