"""What do the services take while a soak sends?"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from stack.footprint import footprint
from workbench.children import Child
from workbench.growth import Reading
from workbench.intervention import Intervention
from workbench.live import LiveJob, read_progress

#: So many readings are taken, but not more often than this, seconds. Choices: enough for a median
#: of each third, and too few to burden the machine.
_READINGS: Final = 120
_EVERY_AT_LEAST_S: Final = 5.0


class GrowthWatch(Intervention):
    """Looks at memory and disk from the beginning of the sending to its end.

    Parameters
    ----------
    sending_s
        How long the sending is to take, seconds.

    Attributes
    ----------
    readings
        In order.
    """

    def __init__(self, sending_s: float) -> None:
        self._every_s = max(sending_s / _READINGS, _EVERY_AT_LEAST_S)
        self._began_s = 0.0
        self._stop = threading.Event()
        self.readings: list[Reading] = []

    @contextmanager
    def _watching(self, live: LiveJob) -> Iterator[None]:
        self._began_s = time.monotonic()
        thread = threading.Thread(target=self._run, args=(live,), name="growth", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def while_sending(self, live: LiveJob, _collector: Child) -> AbstractContextManager[None]:
        """Around the sending."""
        return self._watching(live)

    def _run(self, live: LiveJob) -> None:
        self._look(live)
        while not self._stop.wait(self._every_s):
            self._look(live)
        self._look(live)

    def _look(self, live: LiveJob) -> None:
        progress = read_progress(live.folder)
        self.readings.append(
            Reading(
                at_s=round(time.monotonic() - self._began_s, 3),
                sent=0 if progress is None else progress.sent,
                footprint=footprint(live.stack.settings),
            )
        )
