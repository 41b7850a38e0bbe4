"""On which stack does a run take place, and who ends it?

One of processes is brought up as far as it is not up, and ended by the run that started it. One
that runs elsewhere is taken as it is.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from stack.local import LocalStack
from stack.settings import SHARED_MEMORY, StackSettings
from workbench.clean_up import take_down
from workbench.kafka_user import kafka_user
from workbench.submission import renew_taskmanagers

if TYPE_CHECKING:
    from workbench.simulate import Run


def bring_up(
    run: Run, settings: StackSettings, cleanup: ExitStack, *, keep_stack: bool
) -> LocalStack:
    """Bring the local stack up for a run, and note what it is.

    Parameters
    ----------
    run, settings
        The run, and the stack that is asked for.
    cleanup
        Ends what was started here.
    keep_stack
        Leave a stack running that this run had to start.
    """
    # Two runs on one stack would measure each other, and the one that started it would stop it.
    cleanup.enter_context(LocalStack(settings).reserved(run.run_id))
    stack = LocalStack.for_job(run.plan.job.parallelism, settings)
    with run.phases.phase("stack") as bar:
        was_running = any(each.state == "running" for each in stack.status())
        started = stack.up(on_begin=bar.say)
        if not was_running and not keep_stack:
            cleanup.callback(take_down, stack)
        cleanup.enter_context(kafka_user(stack.settings))
        renewed = renew_taskmanagers(stack, run.plan.job)
        bar.note = f"started {', '.join(started)}" if started else "was running"
        run.facts["stack"] = {
            **stack.settings.model_dump(mode="json", exclude={"data_folder", "jars_folder"}),
            "rocksdb_in_memory": stack.settings.rocksdb_folder.is_relative_to(SHARED_MEMORY),
        }
        if renewed:
            bar.note += f"; {renewed} TaskManager(s) restarted for new job code"
    return stack


def attach(run: Run, stack: LocalStack, cleanup: ExitStack) -> LocalStack:
    """Take a stack that runs elsewhere for a run, and note what it is.

    Parameters
    ----------
    run, stack
        The run, and the stack as it runs.
    cleanup
        Gives it free for another run.
    """
    cleanup.enter_context(stack.reserved(run.run_id))
    with run.phases.phase("stack") as bar:
        found = stack.rest.overview()
        bar.note = f"runs elsewhere, {found.taskmanagers} TaskManagers"
        run.facts["stack"] = {"taskmanagers": found.taskmanagers, "flink": found.flink_version}
    return stack
