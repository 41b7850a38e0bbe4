"""How does a fault hit one process with a signal?

What the faults have in common that kill or stop a process: the victim is chosen and noted before,
hit at once with all that it started, and named in the evidence.
"""

from __future__ import annotations

import signal
from abc import abstractmethod
from typing import ClassVar

from stack.faults import Fault
from stack.local import LocalStack
from stack.process import ProcessRecord, StackError, is_alive, signal_group, state_of


class SignalFault(Fault):
    """A fault that sends a signal to a process and its children.

    Parameters
    ----------
    stack, job_id
        See `Fault`.

    Attributes
    ----------
    number
        Of the signal: ``SIGKILL``, or ``SIGSTOP`` for a process that hangs.
    """

    number: ClassVar[signal.Signals]

    def __init__(self, stack: LocalStack, job_id: str) -> None:
        super().__init__(stack, job_id)
        self._victim: ProcessRecord | None = None

    @abstractmethod
    def choose(self) -> ProcessRecord:
        """The process to hit, with what the proof needs; a `StackError` where there is none."""

    def set_up(self) -> None:
        """Choose the process, and require a running job."""
        # First what the stack lacks: with that, no job would help.
        self._victim = self.choose()
        self.require_running_job()

    def invoke(self) -> None:
        """Send the signal."""
        victim = self.victim
        self.mark_invoked()
        signal_group(victim, self.number)

    @property
    def victim(self) -> ProcessRecord:
        """The process; a `StackError` before it was chosen."""
        if self._victim is None:
            raise StackError(f"{self.name}: invoke before set_up")
        return self._victim

    @property
    def was_chosen(self) -> bool:
        """Whether there is anything to undo."""
        return self._victim is not None

    def is_hit(self) -> bool:
        """Whether the process is gone, or stopped, as the signal says."""
        if self.number is signal.SIGSTOP:
            return state_of(self.victim) == "T"
        return not is_alive(self.victim)

    def hit_words(self, *, hit: bool) -> str:
        """The same in a sentence."""
        words = ("is stopped", "is not stopped")
        if self.number is signal.SIGKILL:
            words = ("is gone", "still runs")
        process = f"{self.victim.name} (pid {self.victim.pid})"
        return f"{process} {words[0] if hit else words[1]} after {self.number.name}"

    def service(self, name: str) -> ProcessRecord:
        """The running process of a service; a `StackError` where it does not run."""
        record = self.stack.process(name)
        if record is None:
            raise StackError(f"{self.name}: {name} does not run")
        return record

    def start_again(self) -> None:
        """Start the victim's service, if it is not running."""
        if self.was_chosen and self.stack.process(self.victim.name) is None:
            self.stack.restart(self.victim.name)
