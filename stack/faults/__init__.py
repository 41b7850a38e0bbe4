"""Which ways to break the running system are there?

A fault is one file in this folder with one `Fault` subclass: it is set up, invoked, has to prove
that it landed, and is undone, as a nemesis of Jepsen is. A fault that did not land proves
nothing about the job, so the proof is part of it.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import TracebackType
from typing import ClassVar, Self

from stack.flink_answers import JobException
from stack.flink_rest import RestError
from stack.local import LocalStack
from stack.process import StackError
from stack.settings import StackSettings


@dataclass(frozen=True)
class Landing:
    """What shows that a fault hit the job, or that it did not.

    Attributes
    ----------
    landed
        Whether it did.
    invoked_ms
        Unix time in ms at which it was invoked.
    noticed_ms
        Unix time in ms at which the job left RUNNING by Flink's own clock, None if it did not.
    evidence
        Sentences for the report.
    """

    landed: bool
    invoked_ms: int
    noticed_ms: int | None
    evidence: tuple[str, ...]


class Fault(ABC):
    """One way to break the system under a running job.

    As a context manager it sets up on entry and undoes on exit, whatever happens between.

    Parameters
    ----------
    stack
        The running stack.
    job_id
        The job that should be hit.

    Attributes
    ----------
    leaves_transaction_open
        Whether what stands open when it strikes stays open until it is proven, so that it can be
        counted then; else it is counted just before.
    needs
        What a stack must have that it fits, with the option that brings it; empty for nothing.
    chooses_its_moment
        Whether `invoke` itself waits for the moment that matters, so that what stands in the open
        transaction is no measure of it.
    invoked_ms
        Unix time in ms of the invocation, 0 before it.
    """

    name: ClassVar[str]
    needs: ClassVar[str] = ""
    leaves_transaction_open: ClassVar[bool] = False
    chooses_its_moment: ClassVar[bool] = False

    def __init__(self, stack: LocalStack, job_id: str) -> None:
        self.stack = stack
        self.job_id = job_id
        self.invoked_ms = 0

    @property
    def job_comes_back_alone(self) -> bool:
        """Whether the job runs again before the fault is undone: somebody stands by."""
        return False

    @classmethod
    def fits(cls, settings: StackSettings) -> bool:  # noqa: ARG003 - for those that ask for more
        """Whether a stack of these settings has what it takes away."""
        return True

    @abstractmethod
    def set_up(self) -> None:
        """Check that the fault can land, and note what the proof needs."""

    @abstractmethod
    def invoke(self) -> None:
        """Break it."""

    @abstractmethod
    def landed(self, deadline_s: float = 30.0) -> Landing:
        """Wait for the proof, at longest ``deadline_s``."""

    def take_back(self) -> bool:
        """Let it be as if it had not been, where it met too little; whether that can be done.

        Asked at once after `invoke`, of those that leave the transaction open.
        """
        return False

    @abstractmethod
    def undo(self) -> None:
        """Make it whole again; nothing to do is fine."""

    def __enter__(self) -> Self:
        self.set_up()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.undo()

    def mark_invoked(self) -> None:
        """Note the moment; what is proved must have happened after it."""
        self.invoked_ms = time.time_ns() // 1_000_000

    def require_invoked(self) -> None:
        """Refuse to look for a proof of what was not done."""
        if not self.invoked_ms:
            raise StackError(f"{self.name}: landed before invoke")

    def require_running_job(self) -> None:
        """Refuse a job that does not run with all its tasks: nothing would be hit."""
        detail = self.stack.rest.job(self.job_id)
        if not detail.all_tasks_running:
            raise StackError(f"{self.name}: job {detail.name} is {detail.state}, not yet running")

    def first_failure(self) -> JobException | None:
        """The job's first failure since the invocation; None while there is none."""
        try:
            failures = self.stack.rest.exceptions(self.job_id)
        except RestError:
            return None
        since = [each for each in failures if each.timestamp_ms >= self.invoked_ms]
        return min(since, key=lambda each: each.timestamp_ms, default=None)

    def failure_words(self, failure: JobException | None) -> str:
        """The same in a sentence."""
        if failure is None:
            return "the job noted no failure since"
        delay_ms = failure.timestamp_ms - self.invoked_ms
        return f"the job failed {delay_ms} ms after it: {failure.first_line}"


def discover() -> dict[str, type[Fault]]:
    """Find every fault of this folder by its name."""
    found: dict[str, type[Fault]] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for _, member in inspect.getmembers(module, inspect.isclass):
            if issubclass(member, Fault) and member.__module__ == module.__name__:
                found[member.name] = member
    return found


def by_name(name: str) -> type[Fault]:
    """Return the fault of that name; an unknown one is a `StackError` that lists the valid ones."""
    known = discover()
    if name not in known:
        raise StackError(f"unknown fault {name!r}; known are: {', '.join(sorted(known))}")
    return known[name]
