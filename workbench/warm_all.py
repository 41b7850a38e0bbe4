"""How does every TaskManager get its first task before a run needs it to be quick?"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from stack.settings import StackSettings
from workbench.console import Phases
from workbench.plan import RunPlan
from workbench.simulate import simulate

#: Seconds of the run that only warms up processes.
_WARM_UP_S: Final = 5


def warm_all(
    plan: RunPlan, phases: Phases, runs: Path, settings: StackSettings, replays: Path
) -> None:
    """Run once on all TaskManagers, so that a spare one has Python and its libraries loaded.

    A TaskManager takes many seconds for its first task, and a spare of a cluster in service has
    had one.

    Parameters
    ----------
    plan
        Of the runs that follow.
    phases
        Where progress is told.
    runs, replays
        Folders of all runs and of all replays.
    settings
        The stack; it is left running.
    """
    phases.line("warm-up", "a short run on every TaskManager; it does not count")
    # A spare beside those that are warmed would stay cold.
    settings = settings.model_copy(update={"spare_taskmanagers": 0})
    warm = plan.model_copy(
        update={
            "fault": None,
            "replay": plan.replay.model_copy(update={"duration_s": _WARM_UP_S, "warm_up_s": 0}),
            "job": plan.job.model_copy(update={"parallelism": settings.taskmanagers}),
        }
    )
    simulate(
        warm, Phases(phases.console), runs, settings=settings, replays=replays, keep_stack=True
    )
