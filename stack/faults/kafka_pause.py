"""What happens when the broker hangs for some seconds and then goes on?

SIGSTOP for eight seconds: connections stay open and nothing is answered, as with a stalled disk.
Shorter than the clients' request timeout (30 s), so nobody need fail; all must wait and catch up.
"""

from __future__ import annotations

import signal
from typing import ClassVar

from stack.broker_fault import BrokerFault
from stack.process import signal_group


class KafkaPause(BrokerFault):
    """Stops the broker; `undo` lets it go on."""

    name: ClassVar[str] = "kafka_pause"
    number: ClassVar[signal.Signals] = signal.SIGSTOP
    #: A choice.
    away_s: ClassVar[float] = 8.0

    def undo(self) -> None:
        """Let it go on."""
        if self.was_chosen:
            signal_group(self.victim, signal.SIGCONT)
