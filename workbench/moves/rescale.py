"""What happens when the job goes on with another parallelism?

Cards and their open windows are dealt anew to the tasks; each must find its state.
"""

from __future__ import annotations

from typing import ClassVar

from stack.process import StackError
from stack.settings import StackSettings
from workbench.moves import Move
from workbench.plan import JobPlan


class Rescale(Move):
    """Goes to twice the parallelism, or where the stack is too small to half of it."""

    name: ClassVar[str] = "rescale"
    needs: ClassVar[str] = "a second TaskManager (--taskmanagers 2)"

    @classmethod
    def fits(cls, settings: StackSettings) -> bool:
        """Whether there is a second TaskManager."""
        return settings.taskmanagers > 1

    def next_plan(self) -> JobPlan:
        """The other parallelism."""
        now, slots = self.job.plan.parallelism, self.stack.settings.taskmanagers
        if now * 2 <= slots:
            return self.job.plan.model_copy(update={"parallelism": now * 2})
        if now > 1:
            return self.job.plan.model_copy(update={"parallelism": now // 2})
        raise StackError(
            f"{self.name}: this stack has one TaskManager, and the job already runs on it alone; "
            "bring it up with --taskmanagers 2"
        )

    def evidence(self) -> tuple[bool, str]:
        """The parallelism by Flink's word."""
        found = max(vertex.parallelism for vertex in self.stack.rest.job(self.job.id).vertices)
        wanted = self.job.plan.parallelism
        return found == wanted, f"its parallelism is {found}, and was to be {wanted}"
