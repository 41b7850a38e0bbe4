"""How much disk and memory does a series of runs take at its most?"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from evaluation.large_state.results import LargeState, Peak
from stack.footprint import memory_bytes, room_bytes

#: Between two looks, seconds. A choice: files of a large state live for longer, and a look goes
#: through all of them while latencies are measured.
_EVERY_S: Final = 5.0


@contextmanager
def watched_peak(folder: Path, results: LargeState, every_s: float = _EVERY_S) -> Iterator[None]:
    """Keep the peak in the results up to date, so that a series that is broken off has one, too.

    Parameters
    ----------
    folder
        Whose files are the stack's; it need not be there yet.
    results
        Gets the peak.
    every_s
        Between two looks, seconds.
    """
    over = threading.Event()

    def look() -> None:
        before = results.peak or Peak()
        results.peak = Peak(
            disk_bytes=max(before.disk_bytes, room_bytes(folder)),
            memory_bytes=max(before.memory_bytes, memory_bytes()),
        )

    def watch() -> None:
        look()
        while not over.wait(every_s):
            look()
        look()

    thread = threading.Thread(target=watch, name="peak", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
