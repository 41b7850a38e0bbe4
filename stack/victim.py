"""Which TaskManager should a fault hit?"""

from __future__ import annotations

from stack.flink import taskmanager_name
from stack.local import LocalStack
from stack.process import ProcessRecord, StackError


def busy_taskmanager(stack: LocalStack, fault: str) -> tuple[int, ProcessRecord]:
    """A TaskManager that runs the job, by index, and its process.

    A stack may be larger than its job; the death of a spare TaskManager hits nobody.

    Parameters
    ----------
    stack
        The running stack.
    fault
        Who asks, for the error.

    Raises
    ------
    stack.process.StackError
        If none has a slot in use, or its process is gone.
    """
    busy = {each.id for each in stack.rest.taskmanagers() if each.free_slots < each.slots}
    for index in range(stack.settings.taskmanagers):
        if taskmanager_name(index) in busy:
            record = stack.taskmanager_record(index)
            if record is None:
                raise StackError(f"{fault}: taskmanager-{index} does not run")
            return index, record
    raise StackError(f"{fault}: no TaskManager of this stack runs the job")
