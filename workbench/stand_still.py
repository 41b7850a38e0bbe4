"""How is a process made to stand still in the middle of a sending, and to go on?"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from workbench.live import read_progress

#: Share of the records that are sent when it stops. A choice: both sides get their part.
AT_SHARE: Final = 0.5
_POLL_S: Final = 0.02


@contextmanager
def standing_still(pid: int, folder: Path, seconds: float) -> Iterator[None]:
    """Stop a process once half of a run's records are sent, for some seconds; SIGSTOP, SIGCONT.

    Parameters
    ----------
    pid
        Of the process.
    folder
        Of the run, whose sender says there how far it is.
    seconds
        How long.
    """
    ended = threading.Event()

    def stop_and_go() -> None:
        while not _half_sent(folder):
            if ended.wait(_POLL_S):
                return
        os.kill(pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(pid, signal.SIGCONT)

    thread = threading.Thread(target=stop_and_go, name="stand-still")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        # Whatever went wrong: nobody else would wake it.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _half_sent(folder: Path) -> bool:
    progress = read_progress(folder)
    return progress is not None and 0 < AT_SHARE * progress.records <= progress.sent
