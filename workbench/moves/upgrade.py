"""What happens when a new version of the job takes up the state of the one before?

The run begins with the job of another commit; half way it is stopped with a savepoint, the
TaskManagers are renewed, since they hold its code, and the working tree's job is submitted from
there. All that is decided is held against the rules of the commit that the run began with: a
version that decides otherwise on purpose is called different, as a user's history would see it.
"""

from __future__ import annotations

from typing import ClassVar

from job.version import hash_of
from workbench.moves import Move
from workbench.plan import JobPlan
from workbench.running_job import code_root
from workbench.submission import renew_taskmanagers


class Upgrade(Move):
    """Goes from the code that the run began with to the working tree's."""

    name: ClassVar[str] = "upgrade"

    _before = ""

    def set_up(self) -> None:
        """Note whose code runs now."""
        super().set_up()
        self._before = hash_of(code_root(self.job.plan) / "job")

    def next_plan(self) -> JobPlan:
        """The working tree's code."""
        return self.job.plan.model_copy(update={"code_root": None})

    def before_start(self) -> None:
        """Let no TaskManager go on with modules of the old version."""
        for index in range(self.stack.settings.taskmanagers):
            if self.stack.taskmanager_record(index) is not None:
                self.stack.restart_taskmanager(index)
        renew_taskmanagers(self.stack, self.job.plan)

    def evidence(self) -> tuple[bool, str]:
        """Whose code it is; to go on with the same is no upgrade."""
        now = hash_of(code_root(self.job.plan) / "job")
        said = f"the job's code is {now[:12]} on new TaskManagers"
        if now == self._before:
            return False, (
                f"{said}, the same as before: nothing was upgraded; `paystream chaos --fault "
                "upgrade` begins with the version before"
            )
        return True, f"{said}, and was {self._before[:12]}"
