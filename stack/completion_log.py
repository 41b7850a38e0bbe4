"""Which checkpoint has just completed, by the log of the JobManager, before it is committed?

Flink's REST interface shows a checkpoint up to a tenth of a second after it completed, when its
sinks have committed already. The JobManager writes a line as it sends word to the tasks.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from stack.flink import jobmanager
from stack.settings import StackSettings

_COMPLETED: Final = re.compile(rb"SourceCoordinator .*Marking checkpoint (\d+) as completed")


class CompletionLog:
    """Follows the JobManagers' logs, from where they end now.

    Parameters
    ----------
    settings
        Of the stack.
    """

    def __init__(self, settings: StackSettings) -> None:
        indexes = range(len(settings.flink_rest_urls))
        logs = (jobmanager(settings, index).log_file for index in indexes)
        self._ends: dict[Path, int] = {log: log.stat().st_size for log in logs if log.exists()}

    def completed(self) -> int | None:
        """The newest checkpoint of which a line was written since the last look; None for none."""
        found: list[int] = []
        for log, end in self._ends.items():
            with log.open("rb") as lines:
                lines.seek(end)
                # The last line may be half written: it is read again.
                whole = lines.read().rpartition(b"\n")[0]
            if whole:
                self._ends[log] = end + len(whole) + 1
                found += map(int, _COMPLETED.findall(whole))
        return max(found, default=None)
