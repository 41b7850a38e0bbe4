"""How does a fault take the broker away for some seconds, and what proves that it did?"""

from __future__ import annotations

import time
from typing import ClassVar

from stack import kafka
from stack.faults import Landing
from stack.process import ProcessRecord
from stack.signalled import SignalFault

_POLL_S = 0.1


class BrokerFault(SignalFault):
    """Hits the broker, and waits out the time for which nobody answers.

    Attributes
    ----------
    away_s
        Nobody answers for so long at least, seconds.
    """

    away_s: ClassVar[float]

    def choose(self) -> ProcessRecord:
        """The broker."""
        return self.service(kafka.NAME)

    def landed(self, deadline_s: float = 30.0) -> Landing:
        """Prove it: the signal did its work, and the port does not answer; wait it out."""
        self.require_invoked()
        began_s = time.monotonic()
        while not self.is_hit() and time.monotonic() - began_s < deadline_s:
            time.sleep(_POLL_S)
        hit, silent = self.is_hit(), not kafka.probe(self.stack.settings)()
        time.sleep(max(0.0, self.away_s - (time.monotonic() - began_s)))
        failure = self.first_failure()
        return Landing(
            landed=hit and silent,
            invoked_ms=self.invoked_ms,
            noticed_ms=failure.timestamp_ms if failure else None,
            evidence=(
                self.hit_words(hit=hit),
                f"its port {'did not answer' if silent else 'answered'} meanwhile",
                self.failure_words(failure),
            ),
        )
