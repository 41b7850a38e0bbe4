"""What happens when the broker dies, with transactions open and requests under way?

SIGKILL, and two seconds later a start from the same folder: the broker finds its logs unclean,
recovers them, and its transaction coordinator reads which transactions were open.
"""

from __future__ import annotations

import signal
from typing import ClassVar

from stack.broker_fault import BrokerFault


class KafkaKill(BrokerFault):
    """Kills the broker; `undo` starts it again."""

    name: ClassVar[str] = "kafka_kill"
    number: ClassVar[signal.Signals] = signal.SIGKILL
    #: Besides the time of the start. A choice.
    away_s: ClassVar[float] = 2.0

    def undo(self) -> None:
        """Start the broker again if it is not running."""
        self.start_again()
