"""Does the job follow a load that triples, scaled by the operator's own autoscaler?

One run on a stack whose TaskManagers all stand ready: calm, a peak of three times the load, calm
again. The judges judge it whole, as a run with a fault.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from evaluation.autoscaling.outcome import (
    OUTCOME_FILE,
    Outcome,
    judge_autoscaling,
    write_outcome,
)
from evaluation.autoscaling.record import Autoscaling
from evaluation.evaluate import Evaluation
from generator.schedule import peak_average, peak_span_s
from generator.settings import ReplaySettings
from stack.autoscaler import classpath
from stack.running import as_it_runs
from stack.settings import StackSettings
from workbench.autoscaling import AutoscaledRun
from workbench.calibration import fastest_s
from workbench.console import Phases
from workbench.folders import REPLAYS
from workbench.one_stack import one_stack
from workbench.plan import JobPlan, RunPlan
from workbench.scaling_target import CALM_S, TARGET_MAX, boundary_of, target_of
from workbench.simulate import simulate
from workbench.warm_all import warm_all

#: The operator that judges every swipe, in Python: all others have little to do.
SCALED: Final = "judge by card"
#: The library's defaults are made for hours (window 15 min, stabilization 5 min, a scale-down only
#: after an hour, a backlog caught up within half an hour). A run of minutes has no time for them;
#: all that is shortened stands here.
_SHORTENED: Final = {
    "job.autoscaler.stabilization.interval": "10 s",
    "job.autoscaler.metrics.window": "15 s",
    "job.autoscaler.scale-down.interval": "0 s",
    "job.autoscaler.restart.time": "10 s",
    "job.autoscaler.catch-up.duration": "60 s",
    "job.autoscaler.backlog-processing.lag-threshold": "10 s",
}


#: The job takes swipes ten times a second, not as they come: a task that takes each by itself is
#: busy for a quarter of its time with next to nothing, and its busy time tells little of the load.
_GATHERED: Final = {"fetch.min.bytes": "1000000", "fetch.max.wait.ms": "100"}
#: Calm swipes a minute on a machine on which the fixed loop takes a millisecond: such a load keeps
#: a task busy for about three tenths of its time, so that three times as much is no more than it
#: can do. Read off runs (docs/autoscaling.md).
_CALM_AT_1_MS: Final = 19_000
_LOOPS: Final = 10


def calm_rate_per_min() -> int:
    """A calm load for this machine, by how fast it is at this moment."""
    fastest_ms = min(fastest_s() for _ in range(_LOOPS)) * 1e3
    return max(1, round(_CALM_AT_1_MS / fastest_ms / 1_000)) * 1_000


class AutoscalePlan(BaseModel):
    """What is shown.

    Attributes
    ----------
    scenario, seed
        Of the replay.
    rate_per_min
        Swipes a minute before and after the peak; when left out, by `calm_rate_per_min`.
    warm_up_s
        Seconds of sending before the autoscaler looks at the job: one that has just started is
        busier than it will be, since the JVM still compiles.
    duration_s
        Seconds after that; the peak lasts from a quarter to three fifths of them.
    taskmanagers
        That stand ready, one slot each: the highest parallelism.
    target_utilization, boundary
        Share of its time in which the busiest task should be busy, and how far it may be off
        before anything is decided; when left out, by how busy the calm load keeps it
        (:mod:`.scaling_target`).
    checkpoint_interval_ms
        Of the job.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenario: str = "geo_jump"
    seed: int = 1
    rate_per_min: int = Field(default_factory=calm_rate_per_min, ge=1)
    warm_up_s: Annotated[int, Field(ge=0)] = 150
    duration_s: Annotated[int, Field(ge=60)] = 400
    taskmanagers: Annotated[int, Field(ge=2, le=64)] = 2
    target_utilization: Annotated[float, Field(gt=0, lt=1)] | None = None
    boundary: Annotated[float, Field(gt=0, lt=1)] | None = None
    checkpoint_interval_ms: Annotated[int, Field(ge=10)] = 2_000

    @model_validator(mode="after")
    def _calm_is_seen(self) -> Self:
        if self.target_utilization is None and self.warm_up_s < CALM_S:
            raise ValueError(
                f"{self.warm_up_s} s of warm-up are too short to see how busy the calm load keeps "
                f"a task ({CALM_S:g} s); give more, or a target_utilization"
            )
        return self

    def run_plan(self) -> RunPlan:
        """The run, which begins with one task."""
        values = {
            "scenario": self.scenario,
            "seed": self.seed,
            "rate_per_min": round(peak_average(self.rate_per_min, self.duration_s, self.warm_up_s)),
            "duration_s": self.duration_s,
            "warm_up_s": self.warm_up_s,
            "load": "peak",
        }
        job = JobPlan(checkpoint_interval_ms=self.checkpoint_interval_ms, kafka=_GATHERED)
        return RunPlan(replay=ReplaySettings.parse(values), job=job)

    @property
    def peak_s(self) -> tuple[float, float]:
        """Seconds of the schedule from which and to which the peak lasts."""
        return peak_span_s(self.duration_s, self.warm_up_s)

    def autoscaler_settings(self) -> dict[str, str]:
        """Keys of the autoscaler's library; of a target only one that was given."""
        keys = {
            "job.autoscaler.enabled": "true",
            **_SHORTENED,
            "job.autoscaler.vertex.max-parallelism": str(self.taskmanagers),
        }
        if self.target_utilization is not None:
            keys |= self.target_settings(self.target_utilization)
        return keys

    def target_settings(self, target: float) -> dict[str, str]:
        """Keys that say how busy a task should be, and how far from that nothing is decided.

        Parameters
        ----------
        target
            Share of its time.
        """
        boundary = boundary_of(target) if self.boundary is None else self.boundary
        return {
            "job.autoscaler.target.utilization": f"{target:g}",
            "job.autoscaler.target.utilization.boundary": f"{boundary:g}",
        }

    def stack(self, settings: StackSettings) -> StackSettings:
        """The stack that it takes: adaptive scheduler, and TaskManagers that stand ready."""
        settings = as_it_runs(settings)
        count = max(settings.taskmanagers, self.taskmanagers)
        return settings.model_copy(
            update={
                "adaptive_scheduler": True,
                "taskmanagers": count,
                "spare_taskmanagers": count - 1,
            }
        )


class Shown(NamedTuple):
    """What was shown, and where it lies."""

    folder: Path
    evaluation: Evaluation
    record: Autoscaling
    outcome: Outcome


def run_autoscale(
    plan: AutoscalePlan,
    phases: Phases,
    runs: Path,
    settings: StackSettings,
    *,
    replays: Path = REPLAYS,
) -> Shown:
    """Show it.

    Parameters
    ----------
    plan
        What is shown.
    phases
        Where progress is told.
    runs, replays
        Folders of all runs and of all replays.
    settings
        The stack; one that was not running is stopped at the end.

    Raises
    ------
    stack.process.StackError
        If the autoscaler's jars are missing, or the stack does not come up.
    """
    classpath(settings)
    run_plan = plan.run_plan()

    def by_calm(busy: float) -> dict[str, str]:
        target = target_of(busy)
        advice = "; that is a high load to be tripled, give a lower rate"
        phases.line(
            "autoscaler starts",
            f"the calm load keeps a task busy for {busy:.0%}: its target is {target:.0%}"
            f"{advice if target == TARGET_MAX else ''}",
        )
        return plan.target_settings(target)

    scaled = AutoscaledRun(
        plan.autoscaler_settings(),
        SCALED,
        plan.warm_up_s,
        plan.peak_s,
        lambda decision: phases.line(
            f"decided at {decision.at_s:.0f} s", f"{decision.words}; {decision.reason}"
        ),
        by_calm if plan.target_utilization is None else None,
    )
    with one_stack(plan.stack(settings)) as stack:
        warm_all(run_plan, phases, runs, stack, replays)
        folder, evaluation = simulate(
            run_plan,
            phases,
            runs,
            settings=stack,
            replays=replays,
            keep_stack=True,
            intervention=scaled,
        )
    outcome = judge_autoscaling(scaled.record)
    write_outcome(folder / "results" / OUTCOME_FILE, outcome)
    return Shown(folder, evaluation, scaled.record, outcome)
