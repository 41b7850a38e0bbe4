"""How are alerts indexed that were read before, and of which Kafka knows nothing any more?"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from delivery.alerts.documents import Source
from delivery.stopping import Stopping
from job.contracts import RefusedAlert


class StoredAlerts:
    """Records in place of a topic; see :class:`delivery.alerts.intake.Intake`.

    Parameters
    ----------
    records
        Committed ones, in any order.
    """

    def __init__(self, records: Sequence[Source]) -> None:
        self._records = records
        self._next = 0

    @property
    def at_end(self) -> bool:
        """Whether all were taken."""
        return self._next >= len(self._records)

    def take(self, most: int) -> list[Source]:
        """The next records."""
        taken = list(self._records[self._next : self._next + most])
        self._next += len(taken)
        return taken

    def done(self, records: Sequence[Source]) -> None:
        """Nothing is noted: doing it again changes nothing."""

    def behind(self) -> int:
        """Records not yet taken."""
        return len(self._records) - self._next

    def rest(self, seconds: float, stopping: Stopping) -> None:
        """Wait."""
        stopping.wait(seconds)


class KeptLetters:
    """Dead letters in place of a topic, which nobody would look into.

    Attributes
    ----------
    letters
        In the order in which they came.
    """

    def __init__(self) -> None:
        self.letters: list[RefusedAlert] = []

    def write(self, topic: str, key: str, value: bytes | None, record_time_ms: int) -> None:  # noqa: ARG002 - as a producer takes them
        """Keep one."""
        self.letters.append(msgspec.json.decode(value or b"", type=RefusedAlert))

    def confirm(self) -> None:
        """All that was written is kept."""
