"""In which order are the live controls tried, and on what?

One stack of their own on free ports, the unbroken run first, then one control after the other: two
at once would measure each other.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from evaluation.controls.results import Positive, Tried, positive_control
from evaluation.evaluate import Evaluation
from stack.held_signals import held_signals
from stack.local import LocalStack
from stack.process import StackError
from stack.settings import StackSettings
from workbench.children import ChildFailed
from workbench.clean_up import remove
from workbench.console import Phases
from workbench.live_controls import REPLAY, LiveControl, live_control_classes
from workbench.plan import RunPlan
from workbench.problems import RunBroken
from workbench.simulate import simulate


def try_live(phases: Phases, runs: Path, names: list[str]) -> tuple[list[Positive], list[Tried]]:
    """Run the unbroken plan, then every control.

    Parameters
    ----------
    phases
        Where progress is told.
    runs
        The folder that keeps the runs.
    names
        Of the controls.

    Returns
    -------
    list of Positive, list of Tried
        The unbroken run's judges, and the controls in that order.

    Raises
    ------
    stack.process.StackError, workbench.problems.RunBroken
        If not even the unbroken run can be made.
    """
    scratch = Path(tempfile.mkdtemp(prefix="paystream-controls-"))
    settings = StackSettings.with_free_ports(scratch / "stack")
    stack = LocalStack(settings)
    try:
        with phases.phase("stack"):
            stack.up()
        unbroken = run_unbroken(phases, runs, settings, scratch / "replays")
        tried = [
            try_one(_made(name, scratch), unbroken, phases, runs, settings, scratch / "replays")
            for name in names
        ]
    finally:
        with held_signals():
            if remove(stack):
                shutil.rmtree(scratch, ignore_errors=True)
    return positive_control(unbroken, live=True), tried


def run_unbroken(phases: Phases, runs: Path, settings: StackSettings, replays: Path) -> Evaluation:
    """A real run in which nothing is broken."""
    phases.line("control", "nothing broken")
    plan = RunPlan(replay=REPLAY)
    _, found = simulate(plan, phases, runs, settings=settings, replays=replays, keep_stack=True)
    return found


def try_one(
    control: LiveControl,
    unbroken: Evaluation,
    phases: Phases,
    runs: Path,
    settings: StackSettings,
    replays: Path,
) -> Tried:
    """Run one control on a running stack, and see who notices.

    Parameters
    ----------
    control
        What to break.
    unbroken
        What the judges said of the run without the break.
    runs
        The folder that keeps the run.
    settings
        Of the running stack.
    replays
        The folder that keeps the replays.
    """
    phases.line("control", control.broken)
    before = unbroken.figure(control.judge, control.figure)
    if before is None or before.value is None or before.verdict not in ("pass", None):
        said = "not measured" if before is None else before.verdict or "not measured"
        return Tried.of(control, live=True, reason=f"{said} without the break", outcome="not tried")
    try:
        _, found = simulate(
            control.plan(),
            phases,
            runs,
            settings=settings,
            replays=replays,
            keep_stack=True,
            intervention=control.intervention(),
        )
    except (RunBroken, ChildFailed, StackError) as error:
        return Tried.of(control, live=True, reason=f"the run broke: {error}", outcome="not tried")
    after, result = found.figure(control.judge, control.figure), found.judge(control.judge)
    return Tried.of(
        control,
        live=True,
        before=before.value,
        after=None if after is None else after.value,
        unit=before.unit,
        verdict=None if after is None else after.verdict,
        reason="" if result is None else result.reason,
        run_verdict=found.verdict.value,
        outcome="caught" if control.noticed(unbroken, found) else "not caught",
    )


def _made(name: str, scratch: Path) -> LiveControl:
    folder = scratch / name
    folder.mkdir()
    return live_control_classes()[name](folder)
